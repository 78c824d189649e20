package services

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Handle registers what this instance does with events of topic.
func (i *Instance) Handle(topic string, handler EventHandler) { i.handlers[topic] = handler }

// Receive applies an event from source exactly once: the inbox row and the
// effect are one transaction. A second delivery changes nothing. The same id
// with another content is refused: one of the two would be a lie.
func (i *Instance) Receive(source collections.Domain, event Event) error {
	return i.ReceiveAll(source, []Event{event})
}

// ReceiveAll applies events from source in their order and in one transaction:
// all of them or, when one cannot be applied, none.
func (i *Instance) ReceiveAll(source collections.Domain, events []Event) error {
	sums := make([]string, len(events))
	for n, event := range events { // before anybody waits for it
		var err error
		if sums[n], err = i.readable(event); err != nil {
			return err
		}
	}
	// One at a time, so that people who write wait for this and not for all that has come.
	i.receiving.Lock()
	defer i.receiving.Unlock()
	err := i.App.RunInTransaction(func(tx core.App) error {
		for n, event := range events {
			if err := i.receive(tx, source, event, sums[n]); err != nil {
				return err
			}
		}
		failpoint("inbox-before-commit")
		return nil
	})
	failpoint("inbox-committed")
	return err
}

// readable returns the hash of an event that this instance can listen to.
func (i *Instance) readable(event Event) (sha string, err error) {
	if i.handlers[event.Topic] == nil {
		return "", badRequest(CodeInvalidInput, "The %s service does not listen to %s.", i.Domain, event.Topic)
	}
	if event.ID == "" || event.Version < 0 {
		return "", badRequest(CodeInvalidInput, "An event has an id, and a version from 0.")
	}
	raw, err := json.Marshal(event)
	if err != nil {
		return "", badRequest(CodeInvalidInput, "The event cannot be read.")
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

func (i *Instance) receive(tx core.App, source collections.Domain, event Event, sha string) error {
	result, err := tx.DB().NewQuery(`INSERT INTO inbox (source, id, sha, at) VALUES ({:source}, {:id}, {:sha}, {:at}) ON CONFLICT DO NOTHING`).
		Bind(dbx.Params{"source": string(source), "id": event.ID, "sha": sha, "at": i.Clock.Now().UnixMilli()}).Execute()
	if err != nil {
		return err
	}
	if rows, err := result.RowsAffected(); (err != nil || rows == 0) && !planted("no inbox") {
		if err != nil {
			return err
		}
		return i.sameAsBefore(tx, source, event, sha)
	}
	failpoint("inbox-noted")
	if err := i.handlers[event.Topic](tx, event); err != nil {
		return i.inapplicable(event, err)
	}
	return nil
}

// inapplicable tells what an event says wrongly, which is its sender's to mend,
// from a failure of ours. The sender tries either again, and parks it after a day.
func (i *Instance) inapplicable(event Event, cause error) error {
	switch {
	case errors.Is(cause, sql.ErrNoRows):
		return Failf(http.StatusConflict, CodeNotFound, "Event %s is about something that the %s service does not know (yet).", event.ID, i.Domain)
	case strings.Contains(cause.Error(), "constraint failed"):
		return conflict(CodeConflict, "Event %s contradicts what the %s service has: %s.", event.ID, i.Domain, truncate(cause.Error(), 300))
	}
	return fmt.Errorf("failed to apply %s: %w", event.ID, cause)
}

func (i *Instance) sameAsBefore(tx core.App, source collections.Domain, event Event, sha string) error {
	var stored string
	err := tx.DB().Select("sha").From("inbox").Where(dbx.HashExp{"source": string(source), "id": event.ID}).Row(&stored)
	if err != nil {
		return err
	}
	if stored != sha && !planted("another content under the same event") {
		i.Logger.Error("an event arrived twice with different content", "source", source, "event", event.ID)
		return conflict(CodeEventConflict, "Event %s was applied before with another content.", event.ID)
	}
	return nil
}
