package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Epoch is one restore of this instance from a backup. Until it is settled no
// money leaves: the instance may have forgotten what its peers still know.
type Epoch struct {
	Number  int   `db:"number" json:"number"`
	At      int64 `db:"at" json:"at"`
	TakenAt int64 `db:"taken_at" json:"takenAt"`
	// Heard are the peers that have told what they know, separated by spaces.
	Heard string `db:"heard" json:"heard"`
	// Findings is what a peer knows and this instance does not, a line each.
	Findings string `db:"findings" json:"findings"`
	Settled  bool   `db:"settled" json:"settled"`
}

// eventSlack is how long an event may have been on its way when the backup was
// taken: as long as the relay tries by itself.
const eventSlack = parkAfter

// BeginEpoch notes in a restored database that it is a restored one.
func BeginEpoch(app core.App, takenAt, now time.Time) error {
	_, err := app.NonconcurrentDB().NewQuery(`INSERT INTO epochs (number, at, taken_at)
		SELECT coalesce(max(number), 0) + 1, {:at}, {:taken} FROM epochs`).
		Bind(dbx.Params{"at": now.UnixMilli(), "taken": takenAt.UnixMilli()}).Execute()
	return err
}

// OpenEpoch returns the restore that is not settled yet, or nil.
func OpenEpoch(app core.App) (*Epoch, error) {
	var epoch Epoch
	err := app.ConcurrentDB().NewQuery(`SELECT * FROM epochs WHERE settled = 0 ORDER BY number DESC LIMIT 1`).One(&epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &epoch, err
}

// heardAll tells whether all peers have told what they know.
func (e *Epoch) heardAll(peers map[collections.Domain]*Peer) bool {
	return len(strings.Fields(e.Heard)) >= len(peers)
}

// AcceptEpochs settles what is open although peers know more: somebody has
// looked at the findings and dealt with them.
func AcceptEpochs(options Options) error {
	return beside(options, collections.Domains, func(app core.App) error {
		return app.RunInTransaction(func(tx core.App) error {
			if _, err := tx.DB().Update("epochs", dbx.Params{"settled": 1}, dbx.HashExp{"settled": 0}).Execute(); err != nil {
				return err
			}
			return Audit(tx, options.withDefaults().Clock.Now(), Deed{ByOperator(), "restore accept", "", nil})
		})
	})
}

// Recollection is what an instance asks a peer after it was restored, and what
// the peer answers, a page at a time.
type Recollection struct {
	// Since is the Unix time in ms from which on events matter.
	Since int64 `json:"since"`
	// After is the last id of the page before.
	After string `json:"after"`
	// Resent counts the events that will be delivered once more.
	Resent int64 `json:"resent"`
	// Known are the asker's own events that the peer has applied.
	Known []string `json:"known"`
	// Forgotten says that the peer no longer keeps events from so long ago.
	Forgotten bool `json:"forgotten"`
}

const recollectionPage = 4000

// Recollect answers a restored peer: everything sent to it since is sent again
// (its inbox knows what it has), and it learns which of its own events arrived here.
func (i *Instance) Recollect(peer collections.Domain, ask Recollection) (Recollection, error) {
	if ask.Since <= 0 {
		return Recollection{}, badRequest(CodeInvalidInput, "Say since when.") // an empty question must not send everything again
	}
	answer := Recollection{Since: ask.Since, Known: []string{}, Forgotten: ask.Since < i.Clock.Now().Add(-outboxKeep).UnixMilli()}
	if ask.After == "" {
		result, err := i.App.NonconcurrentDB().Update("outbox", dbx.Params{"state": "ready", "next_at": 0},
			dbx.NewExp("peer = {:peer} AND state = 'done' AND created >= {:since}", dbx.Params{"peer": string(peer), "since": ask.Since})).Execute()
		if err != nil {
			return answer, err
		}
		if answer.Resent, err = result.RowsAffected(); err != nil {
			return answer, err
		}
		i.relay.Wake()
	}
	err := i.App.ConcurrentDB().Select("id").From("inbox").
		Where(dbx.NewExp("source = {:source} AND at >= {:since} AND id > {:after}", dbx.Params{"source": string(peer), "since": ask.Since, "after": ask.After})).
		OrderBy("id").Limit(recollectionPage).Column(&answer.Known)
	return answer, err
}

// SettleEpoch asks the peers that have not been heard yet. When all have, and
// none of them knows more than this instance does, the restore is settled.
// What they know more stays as findings, for somebody to look at.
func (i *Instance) SettleEpoch(ctx context.Context) error {
	epoch, err := OpenEpoch(i.App)
	if err != nil || epoch == nil {
		return err
	}
	heard := strings.Fields(epoch.Heard)
	findings := strings.Fields(epoch.Findings)
	var silent error
	for _, domain := range collections.Domains {
		peer := i.Peers[domain]
		if peer == nil || slices.Contains(heard, string(domain)) {
			continue
		}
		more, err := i.recall(ctx, peer, epoch)
		if err != nil {
			silent = errors.Join(silent, fmt.Errorf("failed to ask %s what was forgotten: %w", domain, err))
			continue
		}
		heard, findings = append(heard, string(domain)), append(findings, more...)
	}
	all := len(heard) == len(i.Peers)
	// What the peers sent again may have made this instance say again what it forgot.
	if findings, err = i.stillUnknown(findings); err != nil {
		return errors.Join(silent, err)
	}
	_, err = i.App.NonconcurrentDB().Update("epochs", dbx.Params{
		"heard": strings.Join(heard, " "), "findings": strings.Join(findings, "\n"), "settled": all && len(findings) == 0,
	}, dbx.HashExp{"number": epoch.Number}).Execute()
	if all && err == nil && epoch.Heard != strings.Join(heard, " ") {
		i.Logger.Warn("restored from a backup", "epoch", epoch.Number, "findings", len(findings), "settled", len(findings) == 0)
	}
	return errors.Join(silent, err)
}

// stillUnknown drops the findings that are none any more.
func (i *Instance) stillUnknown(findings []string) ([]string, error) {
	left := []string{}
	for _, finding := range findings {
		_, id, _ := strings.Cut(finding, ":")
		unknown, err := i.unknownEvents([]string{id})
		if err != nil {
			return nil, err
		}
		if len(unknown) > 0 {
			left = append(left, finding)
		}
	}
	return left, nil
}

// recall asks one peer and returns what it knows that this instance does not.
func (i *Instance) recall(ctx context.Context, peer *Peer, epoch *Epoch) ([]string, error) {
	findings := []string{}
	ask := Recollection{Since: epoch.TakenAt - eventSlack.Milliseconds()}
	for {
		var answer Recollection
		if err := peer.Call(ctx, http.MethodPost, InternalRecollect, ask, &answer); err != nil {
			return nil, err
		}
		if answer.Forgotten && ask.After == "" {
			findings = append(findings, string(peer.Domain)+":keeps-no-events-from-so-long-ago")
		}
		unknown, err := i.unknownEvents(answer.Known)
		if err != nil {
			return nil, err
		}
		for _, id := range unknown {
			findings = append(findings, string(peer.Domain)+":"+id)
		}
		if len(answer.Known) < recollectionPage {
			return findings, nil
		}
		ask.After = answer.Known[len(answer.Known)-1]
	}
}

// unknownEvents returns those of ids that this instance does not remember to have sent.
func (i *Instance) unknownEvents(ids []string) ([]string, error) {
	raw, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	unknown := []string{}
	err = i.App.ConcurrentDB().NewQuery(`SELECT value FROM json_each({:ids}) WHERE value NOT IN (SELECT id FROM outbox)`).
		Bind(dbx.Params{"ids": string(raw)}).Column(&unknown)
	return unknown, err
}
