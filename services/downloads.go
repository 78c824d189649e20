package services

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lancershub/lancershub/storage"
)

const (
	// linkLife is how long a link to a file works: long enough to follow it. The
	// right to the file was looked at when it was made.
	linkLife = time.Minute
	// throughMax is the size up to which an image is sent by the instance itself: a
	// redirect would cost the browser more than it saves us.
	throughMax = 256 << 10
	// originalName is where PocketBase keeps the name a file was uploaded under.
	originalName = "Original-Filename"
)

// inlineTypes may be shown in the browser; everything else is saved to disk.
var inlineTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"}

// FileRequest is a permitted request for a file.
type FileRequest struct {
	Method, Host, Key string
	Ranged            bool
	// Save asks for a download where the browser could show the file.
	Save bool
}

// Way is how a file reaches whoever asked: through this instance, or by a link.
type Way struct {
	Through bool
	Link    string
}

// Download decides the way of a file that somebody may read.
func (i *Instance) Download(ctx context.Context, ask FileRequest) (Way, error) {
	object, err := i.Files.Stat(ctx, ask.Key)
	if errors.Is(err, storage.ErrNotFound) {
		return Way{}, notFound()
	}
	if err != nil {
		i.Files.Failed()
		i.Logger.Warn("a file could not be looked up", "key", ask.Key, "error", err)
		return Way{}, storageUnavailable()
	}
	kind, _, _ := strings.Cut(object.Type, ";")
	if !ask.Ranged && !ask.Save && object.Size <= throughMax && strings.HasPrefix(kind, "image/") && slices.Contains(inlineTypes, kind) {
		return Way{Through: true}, nil
	}
	name := object.Metadata[originalName]
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	if name == "" {
		name = path.Base(ask.Key)
	}
	link, err := i.Files.Link(ask.Method, ask.Host, ask.Key, disposition(name, kind, ask.Save), http.Header{}, linkLife)
	return Way{Link: link}, err
}

// disposition says what the storage shall answer about a file: its name, and
// whether a browser may show it.
func disposition(name, kind string, save bool) url.Values {
	how := "attachment"
	if slices.Contains(inlineTypes, kind) {
		if !save {
			how = "inline"
		}
	} else {
		kind = "application/octet-stream"
	}
	header := mime.FormatMediaType(how, map[string]string{"filename": name})
	if header == "" {
		header = how
	}
	return url.Values{"response-content-disposition": {header}, "response-content-type": {kind}}
}
