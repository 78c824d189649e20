package services

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lancershub/lancershub/collections"
)

// fileRef is a file that a record names, and where its object must be.
type fileRef struct {
	Key        string
	Collection string
	Record     string
	Field      string
}

// fileField is a field of the schema that holds files.
type fileField struct{ id, collection, field string }

// fileRefs lists the files that the records of a database name. It reads the
// database as it is: it may be pinned, served by another process, or a copy.
func fileRefs(ctx context.Context, db querier) ([]fileRef, error) {
	fields, err := fileFields(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("failed to find the file fields: %w", err)
	}
	refs := []fileRef{}
	for _, f := range fields {
		found, err := refsOf(ctx, db, f)
		if err != nil {
			return nil, err
		}
		refs = append(refs, found...)
	}
	return refs, nil
}

func fileFields(ctx context.Context, db querier) ([]fileField, error) {
	rows, err := db.QueryContext(ctx, `SELECT c.id, c.name, json_extract(f.value, '$.name') FROM _collections c, json_each(c.fields) f
		WHERE c.type <> 'view' AND json_extract(f.value, '$.type') = 'file' ORDER BY c.name, 3`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // only read
	fields := []fileField{}
	for rows.Next() {
		var f fileField
		if err := rows.Scan(&f.id, &f.collection, &f.field); err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, rows.Err()
}

func refsOf(ctx context.Context, db querier, f fileField) ([]fileRef, error) {
	rows, err := db.QueryContext(ctx, "SELECT id, `"+f.field+"` FROM `"+f.collection+"` WHERE `"+f.field+"` NOT IN ('', '[]')")
	if err != nil {
		return nil, fmt.Errorf("failed to read the files of %s: %w", f.collection, err)
	}
	defer rows.Close() //nolint:errcheck // only read
	refs := []fileRef{}
	for rows.Next() {
		var record, value string
		if err := rows.Scan(&record, &value); err != nil {
			return nil, err
		}
		names := []string{value}
		if strings.HasPrefix(value, "[") {
			if err := json.Unmarshal([]byte(value), &names); err != nil {
				return nil, fmt.Errorf("failed to read the files of %s %s: %w", f.collection, record, err)
			}
		}
		for _, name := range names {
			refs = append(refs, fileRef{Key: f.id + "/" + record + "/" + name, Collection: f.collection, Record: record, Field: f.field})
		}
	}
	return refs, rows.Err()
}

// uploadsUnderWay lists the keys of files that are being uploaded.
func uploadsUnderWay(ctx context.Context, db querier, domain collections.Domain) (map[string]bool, error) {
	keys := map[string]bool{}
	if domain != collections.DomainProjects && domain != collections.DomainMessages {
		return keys, nil
	}
	rows, err := db.QueryContext(ctx, `SELECT key FROM uploads WHERE status = 'started'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // only read
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys[key] = true
	}
	return keys, rows.Err()
}

// originalOf is the key of the file an object belongs to: a thumbnail lies beside
// its original, in thumbs_<name>/.
func originalOf(key string) string {
	parts := strings.SplitN(key, "/", 4)
	if len(parts) == 4 {
		if name, ok := strings.CutPrefix(parts[2], "thumbs_"); ok {
			return parts[0] + "/" + parts[1] + "/" + name
		}
	}
	return key
}
