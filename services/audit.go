package services

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Actor is who did something with power: a superuser, an operator at the command
// line, or a user about where their own money goes.
type Actor string

// BySuperuser is a moderator who signed in to the admin UI.
func BySuperuser(email string) Actor { return Actor("superuser:" + email) }

// ByUser is a user of the marketplace.
func ByUser(id string) Actor { return Actor("user:" + id) }

// ByOperator is who runs the command line.
func ByOperator() Actor {
	name := "unknown"
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	return Actor("operator:" + name)
}

// Deed is one thing that was done with power.
type Deed struct {
	By     Actor
	Action string
	// Subject is what it was done to, for example "disputes/abc".
	Subject string
	// Details are stored as JSON. They outlive accounts: no personal data.
	Details map[string]any
}

// AuditRow is one row of the log.
type AuditRow struct {
	Seq     int64  `db:"seq" json:"seq"`
	At      int64  `db:"at" json:"at"`
	Actor   string `db:"actor" json:"actor"`
	Action  string `db:"action" json:"action"`
	Subject string `db:"subject" json:"subject"`
	Details string `db:"details" json:"details"`
	Prev    string `db:"prev" json:"prev"`
	Hash    string `db:"hash" json:"hash"`
}

// sum is the SHA-256 of the row as a JSON list, the hash of the row before among it.
func (r AuditRow) sum() (string, error) {
	raw, err := json.Marshal([]any{r.Seq, r.At, r.Actor, r.Action, r.Subject, r.Details, r.Prev})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), err
}

// Audit appends a deed in tx, the transaction of its effect: neither is there
// without the other.
func Audit(tx core.App, at time.Time, deed Deed) error {
	details, err := json.Marshal(deed.Details)
	if err != nil {
		return err
	}
	if deed.Details == nil {
		details = []byte("{}")
	}
	row := AuditRow{Seq: 1, At: at.UnixMilli(), Actor: string(deed.By), Action: deed.Action, Subject: truncate(deed.Subject, 300), Details: string(details)}
	var last AuditRow
	err = tx.DB().NewQuery(`SELECT seq, hash FROM audit WHERE seq = (SELECT max(seq) FROM audit)`).One(&last)
	if err == nil {
		row.Seq, row.Prev = last.Seq+1, last.Hash
	} else if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("failed to read the audit log: %w", err)
	}
	if row.Hash, err = row.sum(); err != nil {
		return err
	}
	_, err = tx.DB().Insert("audit", dbx.Params{
		"seq": row.Seq, "at": row.At, "actor": row.Actor, "action": row.Action, "subject": row.Subject, "details": row.Details, "prev": row.Prev, "hash": row.Hash,
	}).Execute()
	if err != nil {
		return fmt.Errorf("failed to write the audit log: %w", err)
	}
	return nil
}

// Audit appends a deed that has no transaction of its own: one that is about to be
// carried out by PocketBase itself. When it cannot be written, it must not be done.
func (i *Instance) Audit(deed Deed) error {
	return i.App.RunInTransaction(func(tx core.App) error { return Audit(tx, i.Clock.Now(), deed) })
}

// AuditOperator notes in the data of domains what an operator did at the command line.
func AuditOperator(options Options, domains []collections.Domain, action, subject string, details map[string]any) error {
	options = options.withDefaults()
	return beside(options, domains, func(app core.App) error {
		return app.RunInTransaction(func(tx core.App) error {
			return Audit(tx, options.Clock.Now(), Deed{ByOperator(), action, subject, details})
		})
	})
}

// AuditReport is what verifying a log found.
type AuditReport struct {
	Rows int64 `json:"rows"`
	// Head is the hash of the last row: who writes it down notices when rows before
	// it are changed or taken away later.
	Head string `json:"head"`
	// Problems has a sentence for the first row that does not fit.
	Problems []string `json:"problems"`
}

// auditPage is how many rows are read at once.
const auditPage = 2000

// VerifyAudit follows the chain from its first row and hands each row to see (nil
// for nobody).
func VerifyAudit(ctx context.Context, app core.App, see func(AuditRow)) (*AuditReport, error) {
	report := &AuditReport{Problems: []string{}}
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		var rows []AuditRow
		err := app.ConcurrentDB().NewQuery(`SELECT seq, at, actor, action, subject, details, prev, hash FROM audit WHERE seq > {:after} ORDER BY seq LIMIT {:limit}`).
			Bind(dbx.Params{"after": report.Rows, "limit": auditPage}).All(&rows)
		if err != nil {
			return nil, fmt.Errorf("failed to read the audit log: %w", err)
		}
		for _, row := range rows {
			sum, err := row.sum()
			if err != nil {
				return nil, err
			}
			if row.Seq != report.Rows+1 || row.Prev != report.Head || row.Hash != sum {
				report.Problems = append(report.Problems, fmt.Sprintf("the audit log was changed: row %d does not follow row %d", row.Seq, report.Rows))
				return report, nil
			}
			report.Rows, report.Head = row.Seq, row.Hash
			if see != nil {
				see(row)
			}
		}
		if len(rows) < auditPage {
			return report, nil
		}
	}
}

// CheckAudit verifies the log of this instance and remembers for readiness how it is.
func (i *Instance) CheckAudit(ctx context.Context) error {
	report, err := VerifyAudit(ctx, i.App, nil)
	if err != nil {
		return err
	}
	state := "ok"
	if len(report.Problems) > 0 {
		state = report.Problems[0]
		i.Logger.Error("the audit log does not hold together: somebody changed it past the marketplace", "problem", state)
	}
	i.auditState.Store(&state)
	return nil
}

// audited says how the log was when it was last verified.
func (i *Instance) audited() string {
	if state := i.auditState.Load(); state != nil {
		return *state
	}
	return auditNotYet
}

const auditNotYet = "not yet"

// VerifyAuditIn follows the chain of a domain in a data folder, also while it is served.
func VerifyAuditIn(options Options, domain collections.Domain, see func(AuditRow)) (report *AuditReport, err error) {
	err = beside(options.withDefaults(), []collections.Domain{domain}, func(app core.App) error {
		report, err = VerifyAudit(context.Background(), app, see)
		return err
	})
	return report, err
}

// audited is where a record carries who changes it, from the request to the
// transaction that stores it. It is no field: nothing of it is stored or shown.
const audited = "@audited"

// AuditedBy makes the change of a record that follows a deed of actor.
func AuditedBy(record *core.Record, actor Actor) { record.SetRaw(audited, actor) }

// openValues are fields whose values an audit row may keep; of others it has the name.
var openValues = []string{collections.FieldStatus, "roles", "verified", collections.UserMFA}

// FollowAudited notes changes of records that AuditedBy marked, in their own transaction.
func (i *Instance) FollowAudited() {
	follow := func(action string) func(e *core.RecordEvent) error {
		return func(e *core.RecordEvent) error {
			actor, _ := e.Record.GetRaw(audited).(Actor)
			if actor == "" {
				return e.Next()
			}
			deed := Deed{actor, action, e.Record.Collection().Name + "/" + e.Record.Id, changes(e.Record, action)}
			if !e.App.IsTransactional() && hasNewFiles(e.Record) { // no upload may hold the writer
				if err := i.Audit(deed); err != nil {
					return err
				}
				return e.Next()
			}
			return inTransaction(&e.App, func(tx core.App) error { return errors.Join(Audit(tx, i.Clock.Now(), deed), e.Next()) })
		}
	}
	i.App.OnRecordCreateExecute().BindFunc(follow("create"))
	i.App.OnRecordUpdateExecute().BindFunc(follow("update"))
	i.App.OnRecordDeleteExecute().BindFunc(follow("delete"))
}

// changes names what is changed in a record, with the values that may be kept.
func changes(record *core.Record, action string) map[string]any {
	if action != "update" {
		return nil
	}
	before, fields, values := record.Original(), []string{}, map[string]any{}
	for _, field := range record.Collection().Fields {
		name := field.GetName()
		was, is := before.GetString(name), record.GetString(name)
		if was == is || field.Type() == core.FieldTypeAutodate {
			continue
		}
		fields = append(fields, name)
		for _, open := range openValues {
			if open == name {
				values[name] = was + " → " + is
			}
		}
	}
	return map[string]any{"fields": strings.Join(fields, " "), "values": values}
}
