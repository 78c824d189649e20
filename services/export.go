package services

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// ownFields are the fields by which a record is somebody's own. Not every
// relation to a person is one: who blocked me is not mine to read.
var ownFields = []string{collections.FieldUser, collections.FieldClient, collections.FieldFreelancer, collections.ReviewAuthor, collections.MessageSender}

// exportPage is how many records are read at a time.
const exportPage = 200

// ExportOwn writes what this domain keeps about user as one JSON object: lists of
// records by collection. Only collections that people can read themselves are in
// it, and of those only what is the person's own, without hidden fields.
func (i *Instance) ExportOwn(ctx context.Context, user string, w io.Writer) error {
	names := []string{}
	for name, rules := range collections.RulesOf(i.Domain) {
		if rules.List != collections.Nobody || name == collections.Users {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	separator := "{"
	for _, name := range names {
		filter, err := i.ownFilter(name)
		if err != nil {
			return err
		}
		if filter == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s\n%q: [", separator, name); err != nil {
			return err
		}
		if err := i.exportRecords(ctx, name, filter, user, w); err != nil {
			return fmt.Errorf("failed to export %s: %w", name, err)
		}
		if _, err := io.WriteString(w, "]"); err != nil {
			return err
		}
		separator = ","
	}
	_, err := io.WriteString(w, "}\n")
	return err
}

// ownFilter selects what is a person's own in a collection; "" if nothing can be.
func (i *Instance) ownFilter(name string) (string, error) {
	switch name {
	case collections.Users:
		return "id = {:user}", nil
	case collections.Chats:
		return "members_via_chat.user ?= {:user}", nil
	}
	col, err := i.App.FindCachedCollectionByNameOrId(name)
	if err != nil {
		return "", err
	}
	parts := []string{}
	for _, field := range ownFields {
		if _, ok := col.Fields.GetByName(field).(*core.RelationField); ok {
			parts = append(parts, field+" = {:user}")
		}
	}
	return strings.Join(parts, " || "), nil
}

func (i *Instance) exportRecords(ctx context.Context, name, filter, user string, w io.Writer) error {
	separator := "\n"
	for after := ""; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := i.App.FindRecordsByFilter(name, "id > {:after} && ("+filter+")", "id", exportPage, 0, dbx.Params{"after": after, "user": user})
		if err != nil {
			return err
		}
		for _, record := range page {
			raw, err := i.exported(record, user)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "%s%s", separator, raw); err != nil {
				return err
			}
			separator, after = ",\n", record.Id
		}
		if len(page) < exportPage {
			return nil
		}
	}
}

// exported is a record as its owner may know it; the words of a review that is
// sealed are its author's.
func (i *Instance) exported(record *core.Record, user string) ([]byte, error) {
	if record.Id == user {
		record.IgnoreEmailVisibility(true)
	}
	if record.Collection().Name == collections.Reviews && record.GetString(collections.ReviewAuthor) == user {
		own, err := ProjectsService{Instance: i}.OwnWords(record.Id, user)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"review": record.PublicExport(), "own": own})
	}
	return json.Marshal(ShowOwn(record, user).PublicExport())
}

// Stream asks the peer for something large: the caller reads and closes it.
func (p *Peer) Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := p.request(ctx, http.MethodGet, path, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, p.unavailable(err)
	}
	if err = answers(res, req); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("peer answered %d", res.StatusCode)
	}
	if err != nil {
		_ = res.Body.Close()
		return nil, p.unavailable(err)
	}
	return res.Body, nil
}

// Export is everything the marketplace keeps about one person. Its parts are
// open, so whether all domains answer is known before the first byte.
type Export struct {
	user  string
	users *Instance
	parts map[collections.Domain]io.ReadCloser
}

// OpenExport asks every peer for its part, in the person's name.
func (s UsersService) OpenExport(ctx context.Context, user string) (*Export, error) {
	export := &Export{user: user, users: s.Instance, parts: map[collections.Domain]io.ReadCloser{}}
	for _, domain := range collections.Domains {
		if domain == collections.DomainUsers {
			continue
		}
		part, err := s.Peers[domain].Stream(ctx, InternalExport)
		if err != nil {
			export.Close()
			return nil, err
		}
		export.parts[domain] = part
	}
	return export, nil
}

// Close ends what is still open.
func (x *Export) Close() {
	for _, part := range x.parts {
		_ = part.Close()
	}
}

// Write writes the archive: one JSON file per domain. Its directory, without
// which no program opens an archive, comes last; so a part that breaks off leaves
// nothing that looks whole. flush is called after each part.
func (x *Export) Write(ctx context.Context, w io.Writer, flush func()) error {
	archive := zip.NewWriter(w)
	for _, domain := range collections.Domains {
		file, err := archive.Create(string(domain) + ".json")
		if err != nil {
			return err
		}
		if domain == collections.DomainUsers {
			err = x.users.ExportOwn(ctx, x.user, file)
		} else {
			err = copyJSON(file, x.parts[domain])
		}
		if err != nil {
			return fmt.Errorf("failed to export %s: %w", domain, err)
		}
		if err := archive.Flush(); err != nil {
			return err
		}
		flush()
	}
	return archive.Close()
}

// copyJSON copies one JSON object, and fails if it ends before its end.
func copyJSON(w io.Writer, r io.Reader) error {
	last := &lastByte{w: w}
	if _, err := io.Copy(last, r); err != nil {
		return err
	}
	if last.seen != '}' {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// lastByte remembers the last byte that is no white space.
type lastByte struct {
	w    io.Writer
	seen byte
}

// Write implements io.Writer.
func (l *lastByte) Write(p []byte) (int, error) {
	if trimmed := strings.TrimSpace(string(p[max(0, len(p)-8):])); trimmed != "" {
		l.seen = trimmed[len(trimmed)-1]
	}
	return l.w.Write(p)
}
