package services

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/storage"
)

// Large files go from the browser straight to the storage, in parts, by links
// that each allow one part and nothing else; the instance sees their bytes once,
// when it checks them. What a file belongs to is decided before (may this person
// add one here?) and again at the end; until then it is a row in uploads and
// belongs to nothing. docs/files.md is the contract.

// Bounds of uploads.
const (
	// uploadLife is how long an upload may take altogether.
	uploadLife = 24 * time.Hour
	// partLife is how long the link to one part works.
	partLife = 5 * time.Minute
	// openUploads is how many a person may have under way in one domain.
	openUploads = 20
	// partsAtOnce is how many links are given in one answer.
	partsAtOnce = 100
	maxFileName = 200
)

// UploadTarget is what files can be uploaded to.
type UploadTarget struct {
	// Name in the API: milestone, chat.
	Name string
	// Collection of the records that uploads become, Field the one that holds the file.
	Collection, Field string
	// Max is the largest file, Types what it may be (empty: anything).
	Max   int64
	Types []string
	// May refuses a person who may not add a file to subject.
	May func(app core.App, subject, user string) error
	// Attach makes the record of a stored upload, in tx.
	Attach func(tx core.App, upload *core.Record, file string) (*core.Record, error)
}

// Uploads is the use case of large files, for the targets of one instance.
type Uploads struct {
	*Instance
	Target UploadTarget
}

// UploadRequest is what a client says about a file before it is sent.
type UploadRequest struct {
	Target, Subject, Name, Note, ClientID, SHA256 string
	Size                                          int64
}

func (u Uploads) check(ask UploadRequest) error {
	bad := func(field, format string, args ...any) error {
		return badRequest(CodeInvalidInput, format, args...).With("field", field)
	}
	switch {
	case ask.Target != u.Target.Name:
		return bad("target", "Here files are uploaded to a %s.", u.Target.Name)
	case ask.Name == "" || utf8.RuneCountInString(ask.Name) > maxFileName || !utf8.ValidString(ask.Name) || strings.ContainsAny(ask.Name, "/\\\x00\r\n\""):
		return bad("name", "A file needs a name of at most %d characters, without slashes and quotes.", maxFileName)
	case ask.Size < 1:
		return bad("size", "An empty file cannot be uploaded.")
	case ask.Size > u.Target.Max:
		return Failf(http.StatusRequestEntityTooLarge, CodeFileTooLarge, "A file may have at most %d MB here.", u.Target.Max>>20).With("max", u.Target.Max)
	case ask.SHA256 != "" && !hexSHA256.MatchString(ask.SHA256):
		return bad("sha256", "sha256 is the checksum of the file in 64 hexadecimal digits.")
	case utf8.RuneCountInString(ask.Note) > 5000 || len(ask.ClientID) > 64:
		return bad("note", "A note has at most 5000 characters, a clientId 64.")
	}
	return nil
}

var hexSHA256 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Start begins an upload. Nothing of it is stored yet; Parts says where to send what.
func (u Uploads) Start(ctx context.Context, cmd Command, ask UploadRequest) (Answer, error) {
	if stored, err := Replay(u.App, cmd); err != nil || stored != nil {
		return replayed(stored), err
	}
	if err := u.check(ask); err != nil {
		return Answer{}, err
	}
	if err := u.Target.May(u.App, ask.Subject, cmd.Principal); err != nil {
		return Answer{}, err
	}
	if err := u.Files.Available(ctx); err != nil {
		return Answer{}, err
	}
	if err := u.Files.Room(2 * ask.Size); err != nil { // its parts, and the whole that is made of them
		return Answer{}, err
	}
	upload, err := u.row(cmd.Principal, ask)
	if err != nil {
		return Answer{}, err
	}
	multipart, err := u.Files.Begin(ctx, storage.Object{
		Key: upload.GetString(collections.UploadKey), Type: mime.TypeByExtension(path.Ext(upload.GetString(collections.UploadKey))),
		Metadata: map[string]string{originalName: url.QueryEscape(ask.Name)},
	})
	if err != nil {
		return Answer{}, u.down(err)
	}
	upload.Set(collections.UploadMultipart, multipart)
	answer, err := Once(u.App, u.Clock, cmd, func(tx core.App) (any, error) {
		open, err := tx.CountRecords(collections.Uploads, dbx.HashExp{collections.FieldUser: cmd.Principal, collections.FieldStatus: collections.UploadStarted})
		if err != nil {
			return nil, err
		}
		if open >= openUploads {
			return nil, tooManyUploads()
		}
		return u.answer(upload), tx.SaveNoValidate(upload)
	})
	if err != nil || answer.Replayed {
		err = errors.Join(err, u.Files.Abort(ctx, upload.GetString(collections.UploadKey), multipart))
	}
	return answer, err
}

func tooManyUploads() error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeTooManyRequests, RetryAfter: time.Minute,
		Message: "Finish or cancel some of your uploads first.",
	}
}

// row is the row of a new upload, with the id and the place of what it will become.
func (u Uploads) row(user string, ask UploadRequest) (*core.Record, error) {
	col, err := u.App.FindCachedCollectionByNameOrId(collections.Uploads)
	if err != nil {
		return nil, err
	}
	becomes, err := u.App.FindCachedCollectionByNameOrId(u.Target.Collection)
	if err != nil {
		return nil, err
	}
	upload, record := core.NewRecord(col), core.GenerateDefaultRandomId()
	upload.Id = core.GenerateDefaultRandomId()
	upload.Load(map[string]any{
		collections.FieldUser: user, collections.UploadTarget: ask.Target, collections.UploadSubject: ask.Subject, collections.UploadRecord: record,
		collections.UploadName: ask.Name, collections.UploadNote: ask.Note, collections.MessageClientID: ask.ClientID,
		collections.UploadSize: ask.Size, collections.UploadSHA: ask.SHA256, collections.FieldStatus: collections.UploadStarted,
		collections.UploadBucket: u.Files.Bucket, collections.UploadKey: becomes.BaseFilesPath() + "/" + record + "/" + storedName(ask.Name),
		collections.UploadExpiresAt: u.Clock.Now().Add(uploadLife),
	})
	return upload, nil
}

var unsafeInName = regexp.MustCompile(`[^a-z0-9]+`)

// storedName is the name of the object: harmless in a URL, and not to be guessed.
func storedName(name string) string {
	ext := strings.ToLower(path.Ext(name))
	base := strings.Trim(unsafeInName.ReplaceAllString(strings.ToLower(strings.TrimSuffix(name, path.Ext(name))), "_"), "_")
	if len(base) > 60 {
		base = base[:60]
	}
	if len(ext) > 12 || unsafeInName.MatchString(strings.TrimPrefix(ext, ".")) {
		ext = ""
	}
	if base == "" {
		base = "file"
	}
	return base + "_" + core.GenerateDefaultRandomId()[:10] + ext
}

// answer is an upload as its owner sees it.
func (u Uploads) answer(upload *core.Record) map[string]any {
	return map[string]any{
		collections.FieldID: upload.Id, collections.FieldStatus: upload.GetString(collections.FieldStatus),
		collections.UploadName: upload.GetString(collections.UploadName), collections.UploadSize: upload.GetInt(collections.UploadSize),
		"partSize": storage.PartSize, "parts": partCount(int64(upload.GetInt(collections.UploadSize))),
		collections.UploadExpiresAt: upload.GetDateTime(collections.UploadExpiresAt),
	}
}

func partCount(size int64) int { return int((size + storage.PartSize - 1) / storage.PartSize) }

// sizeOfPart is how many bytes part number (from 1) of a file has.
func sizeOfPart(size int64, number int) int64 {
	return min(storage.PartSize, size-int64(number-1)*storage.PartSize)
}

// PartLink is where one part goes: PUT exactly Size bytes to URL.
type PartLink struct {
	Number int    `json:"number"`
	Size   int64  `json:"size"`
	URL    string `json:"url"`
}

// PartsAnswer says what of an upload is stored and where the rest goes.
type PartsAnswer struct {
	Stored []storage.Part `json:"stored"`
	// Missing has at most a hundred; ask again when they are sent.
	Missing   []PartLink `json:"missing"`
	ExpiresAt time.Time  `json:"expiresAt"`
}

// Parts says what of an upload is stored, and gives links for what is not.
func (u Uploads) Parts(ctx context.Context, id, user, host string) (*PartsAnswer, error) {
	upload, err := u.own(id, user)
	if err != nil {
		return nil, err
	}
	if err := u.open(upload); err != nil {
		return nil, err
	}
	if err := u.Files.Available(ctx); err != nil {
		return nil, err
	}
	key, multipart, size := u.place(upload)
	stored, err := u.Files.Parts(ctx, key, multipart)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, u.gone()
	}
	if err != nil {
		return nil, u.down(err)
	}
	room := 2 * size
	for _, part := range stored {
		room -= part.Size
	}
	if err := u.Files.Room(room); err != nil {
		return nil, err
	}
	answer := &PartsAnswer{Stored: stored, Missing: []PartLink{}, ExpiresAt: time.Now().UTC().Add(partLife)}
	for number := 1; number <= partCount(size) && len(answer.Missing) < partsAtOnce; number++ {
		want := sizeOfPart(size, number)
		if slices.ContainsFunc(stored, func(part storage.Part) bool { return part.Number == number && part.Size == want }) {
			continue
		}
		link, err := u.Files.Link(http.MethodPut, host, key, partQuery(number, multipart), partHeader(want), partLife)
		if err != nil {
			return nil, err
		}
		answer.Missing = append(answer.Missing, PartLink{Number: number, Size: want, URL: link})
	}
	return answer, nil
}

// own loads an upload of user.
func (u Uploads) own(id, user string) (*core.Record, error) {
	upload, err := u.App.FindRecordById(collections.Uploads, id)
	if err != nil {
		return nil, notFoundOr(err)
	}
	if upload.GetString(collections.FieldUser) != user {
		return nil, notFound()
	}
	return upload, nil
}

func (u Uploads) open(upload *core.Record) error {
	if upload.GetString(collections.FieldStatus) != collections.UploadStarted || u.Clock.Now().After(upload.GetDateTime(collections.UploadExpiresAt).Time()) {
		return u.gone()
	}
	return nil
}

func (u Uploads) gone() error {
	return conflict(CodeUploadClosed, "This upload is over. Start another one.")
}

func (u Uploads) place(upload *core.Record) (key, multipart string, size int64) {
	return upload.GetString(collections.UploadKey), upload.GetString(collections.UploadMultipart), int64(upload.GetInt(collections.UploadSize))
}

// down logs what the storage said and answers that it is not available.
func (u Uploads) down(err error) error {
	u.Files.Failed()
	u.Logger.Warn("the storage did not do what it was asked", "error", err)
	return storageUnavailable()
}

// Cancel gives an upload up.
func (u Uploads) Cancel(ctx context.Context, id, user string) error {
	upload, err := u.own(id, user)
	if err != nil {
		return err
	}
	closed, err := u.close(upload.Id, collections.UploadCancelled, "")
	if err != nil {
		return err
	}
	if !closed {
		return u.gone()
	}
	return u.discard(ctx, upload)
}

// close ends an upload that is under way, once.
func (u Uploads) close(id, status, reason string) (bool, error) {
	result, err := u.App.NonconcurrentDB().Update(collections.Uploads,
		dbx.Params{collections.FieldStatus: status, collections.FieldReason: reason, collections.FieldUpdated: dateTime(u.Clock.Now()).String()},
		dbx.HashExp{collections.FieldID: id, collections.FieldStatus: collections.UploadStarted}).Execute()
	return oneRow(result, err)
}

// discard removes what the storage has of an upload. What cannot be removed now
// is found by the sweep.
func (u Uploads) discard(ctx context.Context, upload *core.Record) error {
	key, multipart, _ := u.place(upload)
	if err := errors.Join(u.Files.Abort(ctx, key, multipart), u.Files.Remove(ctx, key)); err != nil {
		u.Logger.Warn("what is left of an upload could not be removed yet", "upload", upload.Id, "error", err)
	}
	return nil
}
