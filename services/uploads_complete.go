package services

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/storage"
)

func partQuery(number int, multipart string) url.Values {
	return url.Values{"partNumber": {strconv.Itoa(number)}, "uploadId": {multipart}}
}

// partHeader makes the size of a part a part of its signature.
func partHeader(size int64) http.Header {
	return http.Header{"Content-Length": {strconv.FormatInt(size, 10)}}
}

// Complete puts the parts together, looks at the whole (size, checksum, type), and
// makes the record it belongs to. It may be repeated after any failure.
func (u Uploads) Complete(ctx context.Context, cmd Command, id string) (Answer, error) {
	if stored, err := Replay(u.App, cmd); err != nil || stored != nil {
		return replayed(stored), err
	}
	upload, err := u.own(id, cmd.Principal)
	if err != nil {
		return Answer{}, err
	}
	if upload.GetString(collections.FieldStatus) == collections.UploadStored {
		return u.before(upload)
	}
	if err := errors.Join(u.open(upload), u.Target.May(u.App, upload.GetString(collections.UploadSubject), cmd.Principal)); err != nil {
		return Answer{}, err
	}
	if err := u.Files.Available(ctx); err != nil {
		return Answer{}, err
	}
	if err := u.assemble(ctx, upload); err != nil {
		return Answer{}, err
	}
	if err := u.examine(ctx, upload); err != nil {
		return Answer{}, err
	}
	answer, err := Once(u.App, u.Clock, cmd, func(tx core.App) (any, error) { return u.attach(tx, upload) })
	if err != nil && Code(err) != "" {
		if latest, findErr := u.App.FindRecordById(collections.Uploads, id); findErr == nil && latest.GetString(collections.FieldStatus) != collections.UploadStored {
			if _, closeErr := u.close(id, collections.UploadFailed, truncate(err.Error(), 200)); closeErr != nil {
				return Answer{}, errors.Join(err, closeErr)
			}
			_ = u.discard(ctx, upload) // the sweep finds what is left
		}
	}
	return answer, err
}

// before answers a repeated completion with the record it made.
func (u Uploads) before(upload *core.Record) (Answer, error) {
	record, err := u.App.FindRecordById(u.Target.Collection, upload.GetString(collections.UploadRecord))
	if err != nil {
		return Answer{}, u.gone()
	}
	answer, err := answerOf(http.StatusOK, record)
	answer.Replayed = true
	return answer, err
}

// assemble makes one object of the parts, unless that was done before.
func (u Uploads) assemble(ctx context.Context, upload *core.Record) error {
	key, multipart, size := u.place(upload)
	parts, err := u.Files.Parts(ctx, key, multipart)
	if errors.Is(err, storage.ErrNotFound) {
		return nil // put together by a request that did not get to its end: examine finds it, or not
	}
	if err != nil {
		return u.down(err)
	}
	missing := []int{}
	for number := 1; number <= partCount(size); number++ {
		want := sizeOfPart(size, number)
		if !slices.ContainsFunc(parts, func(part storage.Part) bool { return part.Number == number && part.Size == want }) {
			missing = append(missing, number)
		}
	}
	if len(missing) > 0 || len(parts) > partCount(size) {
		return conflict(CodeUploadIncomplete, "%d of %d parts are missing.", len(missing), partCount(size)).With("missing", missing)
	}
	if err := u.Files.Room(size); err != nil {
		return err
	}
	if err := u.Files.Complete(ctx, key, multipart, parts); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return u.down(err)
	}
	return nil
}

// examine reads the object once: is it what was announced, and may it be here?
func (u Uploads) examine(ctx context.Context, upload *core.Record) error {
	key, _, size := u.place(upload)
	body, object, err := u.Files.Get(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return u.gone()
	}
	if err != nil {
		return u.down(err)
	}
	defer body.Close() //nolint:errcheck // only read
	sum := sha256.New()
	head := &bytes.Buffer{}
	read, err := io.Copy(io.MultiWriter(sum, limitTo(head, 3072)), body)
	if err != nil {
		return u.down(err)
	}
	got, kind := hex.EncodeToString(sum.Sum(nil)), mimetype.Detect(head.Bytes())
	announced := upload.GetString(collections.UploadSHA)
	reason := ""
	switch {
	case read != size || object.Size != size:
		reason = "The file has another size than announced."
	case announced != "" && announced != got:
		reason = "The file's checksum is not the one announced: it changed on its way."
	case len(u.Target.Types) > 0 && !slices.ContainsFunc(u.Target.Types, kind.Is):
		reason = "Files of this type cannot be attached here: " + kind.String()
	}
	if reason != "" {
		if _, err := u.close(upload.Id, collections.UploadFailed, truncate(reason, 200)); err != nil {
			return err
		}
		_ = u.discard(ctx, upload) // the sweep finds what is left
		return Failf(http.StatusUnprocessableEntity, CodeUploadMismatch, "%s", reason)
	}
	kindName, _, _ := strings.Cut(kind.String(), ";")
	upload.Set(collections.UploadSHA, got)
	upload.Set(collections.UploadType, kindName)
	return nil
}

// attach closes the upload and makes its record, in one transaction.
func (u Uploads) attach(tx core.App, upload *core.Record) (any, error) {
	if err := u.Target.May(tx, upload.GetString(collections.UploadSubject), upload.GetString(collections.FieldUser)); err != nil {
		return nil, err
	}
	result, err := tx.DB().Update(collections.Uploads, dbx.Params{
		collections.FieldStatus: collections.UploadStored, collections.UploadSHA: upload.GetString(collections.UploadSHA),
		collections.UploadType: upload.GetString(collections.UploadType), collections.FieldUpdated: dateTime(u.Clock.Now()).String(),
	}, dbx.HashExp{collections.FieldID: upload.Id, collections.FieldStatus: collections.UploadStarted}).Execute()
	if changed, err := oneRow(result, err); err != nil {
		return nil, err
	} else if !changed {
		return nil, u.gone()
	}
	return u.Target.Attach(tx, upload, path.Base(upload.GetString(collections.UploadKey)))
}

// limited keeps the first bytes of what is written to it.
type limited struct {
	to   io.Writer
	left int
}

func limitTo(to io.Writer, n int) io.Writer { return &limited{to, n} }

// Write implements io.Writer; it always takes everything.
func (l *limited) Write(p []byte) (int, error) {
	if l.left > 0 {
		n, err := l.to.Write(p[:min(len(p), l.left)])
		l.left -= n
		if err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// SweepUploads ends uploads that took too long, and removes what is left in the
// storage of uploads that nobody continues. It does not rely on the storage's own
// clean-up rules, which not every server has.
func (u Uploads) SweepUploads(ctx context.Context) error {
	now := u.Clock.Now()
	late, err := u.App.FindRecordsByFilter(collections.Uploads, "status = 'started' && expiresAt < {:now}", "created", 200, 0, dbx.Params{"now": dateTime(now).String()})
	if err != nil {
		return err
	}
	for _, upload := range late {
		closed, err := u.close(upload.Id, collections.UploadCancelled, "It was not finished in time.")
		if err != nil {
			return err
		}
		if closed {
			_ = u.discard(ctx, upload) // logged, and tried again below
		}
	}
	pending, err := u.Files.PendingUploads(ctx)
	if err != nil {
		return err
	}
	for _, upload := range pending {
		if now.Sub(upload.Begun) < uploadLife {
			continue
		}
		if err := u.Files.Abort(ctx, upload.Key, upload.ID); err != nil {
			return err
		}
	}
	return nil
}
