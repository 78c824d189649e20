package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"golang.org/x/sync/errgroup"

	"github.com/lancershub/lancershub/collections"
)

// previewBatch bounds what one sweep looks at, previewsAtOnce how many pages are asked for at a time.
const (
	previewBatch   = 40
	previewsAtOnce = 4
)

// LinkPreview is what a message shows of the page it links to. There is no
// picture: fetching one would tell its server who reads the message, and when.
type LinkPreview struct {
	URL         string `json:"url"`
	Site        string `json:"site"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// firstLink is the first web address in a text, or "".
func firstLink(text string) string {
	return strings.TrimRight(link.FindString(text), ".,;:!?)]}'")
}

// notePreview puts a message on the list of those whose link is to be looked at,
// in the transaction that stores it. What was shown of a former link goes.
func (s ChatsService) notePreview(tx core.App, message *core.Record) error {
	if !s.Options.LinkPreviews || firstLink(message.GetString(collections.MessageBody)) == "" {
		return nil
	}
	_, err := tx.DB().NewQuery(`INSERT INTO link_previews (message, at) VALUES ({:id}, {:now}) ON CONFLICT DO NOTHING`).
		Bind(dbx.Params{"id": message.Id, "now": s.Clock.Now().UnixMilli()}).Execute()
	return err
}

// PreviewLinks looks at the pages that messages link to. Each is tried once: a
// page that does not answer is shown as the link it is.
func (s ChatsService) PreviewLinks(ctx context.Context) error {
	var due []string
	err := s.App.ConcurrentDB().NewQuery(`SELECT message FROM link_previews ORDER BY at LIMIT {:limit}`).
		Bind(dbx.Params{"limit": previewBatch}).WithContext(ctx).Column(&due)
	if err != nil {
		return err
	}
	group := errgroup.Group{}
	group.SetLimit(previewsAtOnce)
	for _, id := range due {
		group.Go(func() error { return s.preview(ctx, id) })
	}
	return group.Wait()
}

func (s ChatsService) preview(ctx context.Context, id string) error {
	message, err := s.App.FindRecordById(collections.Messages, id)
	if errors.Is(err, sql.ErrNoRows) {
		return s.forgetPreview(s.App, id)
	}
	if err != nil {
		return err
	}
	url := firstLink(message.GetString(collections.MessageBody))
	var shown *LinkPreview
	if url != "" {
		if shown, err = fetchPreview(ctx, s.Options.PreviewNetworks, url); err != nil {
			s.Logger.Debug("a link has no preview", "message", id, "error", err)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // stopping: the next start looks again
		}
	}
	return s.App.RunInTransaction(func(tx core.App) error {
		if err := s.forgetPreview(tx, id); err != nil || shown == nil {
			return err
		}
		message, err := tx.FindRecordById(collections.Messages, id)
		if err != nil {
			return err
		}
		if firstLink(message.GetString(collections.MessageBody)) != url {
			return s.notePreview(tx, message) // edited meanwhile
		}
		message.Set(collections.MessagePreview, shown)
		return tx.SaveNoValidate(message)
	})
}

func (ChatsService) forgetPreview(app core.App, id string) error {
	if _, err := app.DB().Delete("link_previews", dbx.HashExp{"message": id}).Execute(); err != nil {
		return fmt.Errorf("failed to note that the link of %s was looked at: %w", id, err)
	}
	return nil
}
