package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"modernc.org/sqlite"

	"github.com/lancershub/lancershub/collections"
)

// cut is a state of all four databases that belong together, held open for reading.
type cut struct {
	at    time.Time
	tries int
	dbs   []*sql.DB
	// pinned are connections inside a read transaction: SQLite shows them the same
	// state until they are closed, whatever is written meanwhile (WAL mode).
	pinned map[collections.Domain]*sql.Conn
}

// cutOrder pins who asks before who is asked: a payment without its reservation
// would be believed, a reservation without its payment is asked about and freed.
var cutOrder = []collections.Domain{collections.DomainPayments, collections.DomainProjects, collections.DomainUsers, collections.DomainMessages}

// cutTries is how often a cut is taken before giving up. One takes less than a
// millisecond, so under load some in a hundred have to be taken again.
const cutTries = 200

// takeCut pins the four databases, one right after the other, without anybody
// having to wait. The four states belong together if none of them holds the
// effect of an event that another one has not sent yet (a consistent cut: Chandy
// and Lamport, Distributed Snapshots, 1985); if one does, they are pinned again.
// The opposite, an event sent and marked as delivered that the receiver does not
// have, is mended when a restored instance asks its peers to send again (SettleEpoch).
func takeCut(ctx context.Context, options Options) (c *cut, err error) {
	c = &cut{pinned: map[collections.Domain]*sql.Conn{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	for _, domain := range cutOrder { // opened before the moment comes
		db, err := sql.Open("sqlite", filepath.Join(options.DataDir, string(domain), dataFile)+"?_pragma=busy_timeout(10000)&_pragma=query_only(ON)")
		if err != nil {
			return c, err
		}
		c.dbs = append(c.dbs, db)
		if c.pinned[domain], err = db.Conn(ctx); err != nil {
			return c, fmt.Errorf("failed to open the %s database (data_unreadable): %w", domain, err)
		}
	}
	for c.tries = 1; c.tries <= cutTries; c.tries++ {
		if err := c.pin(ctx); err != nil {
			return c, err
		}
		// Truncated, so that what is later is never taken for earlier.
		c.at = options.Clock.Now().UTC().Truncate(time.Millisecond)
		if ahead, err := c.ahead(ctx); err != nil || ahead == 0 {
			return c, err
		}
		for _, conn := range c.pinned {
			if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
				return c, err
			}
		}
	}
	return c, fmt.Errorf("failed to find a moment at which the four domains agree, in %d tries (backup_busy): try again when there is less to do", cutTries)
}

func (c *cut) pin(ctx context.Context) error {
	for _, domain := range cutOrder {
		if _, err := c.pinned[domain].ExecContext(ctx, "BEGIN"); err != nil {
			return err
		}
		var tables int // a read transaction begins with the first read
		if err := c.pinned[domain].QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
			return fmt.Errorf("failed to read the %s database (data_unreadable): %w", domain, err)
		}
	}
	return nil
}

// recently is how far back two domains are compared: far longer than pinning takes.
const recently = time.Minute

// ahead counts the events that a domain has applied and their sender, as it is
// pinned, has not sent yet.
func (c *cut) ahead(ctx context.Context) (int, error) {
	count := 0
	for _, receiver := range cutOrder {
		applied, err := c.applied(ctx, receiver)
		if err != nil {
			return 0, err
		}
		for source, ids := range applied {
			sender := c.pinned[collections.Domain(source)]
			if sender == nil {
				continue
			}
			var missing int
			err := sender.QueryRowContext(ctx, `SELECT count(*) FROM json_each(?) WHERE value NOT IN (SELECT id FROM outbox)`, ids).Scan(&missing)
			if err != nil {
				return 0, err
			}
			count += missing
		}
	}
	return count, nil
}

// applied maps a sender to the ids of its events that receiver has applied recently, as JSON.
func (c *cut) applied(ctx context.Context, receiver collections.Domain) (map[string]string, error) {
	rows, err := c.pinned[receiver].QueryContext(ctx, `SELECT source, json_group_array(id) FROM inbox WHERE at >= ? GROUP BY source`,
		c.at.Add(-recently).UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // only read
	applied := map[string]string{}
	for rows.Next() {
		var source, ids string
		if err := rows.Scan(&source, &ids); err != nil {
			return nil, err
		}
		applied[source] = ids
	}
	return applied, rows.Err()
}

// Close lets the databases go.
func (c *cut) Close() error {
	var errs []error
	for _, conn := range c.pinned {
		errs = append(errs, conn.Close())
	}
	for _, db := range c.dbs {
		errs = append(errs, db.Close())
	}
	c.pinned, c.dbs = nil, nil
	return errors.Join(errs...)
}

// backupPages is how much is copied between two looks at the context: 8 MB.
const backupPages = 2048

// copy writes the pinned state of a database to a new file.
func (c *cut) copy(ctx context.Context, domain collections.Domain, to string, progress func(share float64)) error {
	return c.pinned[domain].Raw(func(conn any) (err error) {
		source, ok := conn.(interface {
			NewBackup(to string) (*sqlite.Backup, error)
		})
		if !ok {
			return fmt.Errorf("the SQLite driver %T cannot copy a database", conn)
		}
		backup, err := source.NewBackup(to)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, backup.Finish()) }()
		for {
			more, err := backup.Step(backupPages)
			if err != nil || !more {
				progress(1)
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(1 - float64(backup.Remaining())/float64(max(backup.PageCount(), 1)))
		}
	})
}

// rows counts every table of a pinned database.
func (c *cut) rows(ctx context.Context, domain collections.Domain) (map[string]int64, error) {
	return countRows(ctx, c.pinned[domain])
}

// querier is what a database and a connection have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func countRows(ctx context.Context, db querier) (map[string]int64, error) {
	tables, err := db.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer tables.Close() //nolint:errcheck // only read
	names := []string{}
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if err := tables.Err(); err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, name := range names {
		var count int64
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM `"+name+"`").Scan(&count); err != nil {
			return nil, fmt.Errorf("failed to count %s: %w", name, err)
		}
		counts[name] = count
	}
	return counts, nil
}
