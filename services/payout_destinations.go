package services

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// DestinationNews is the payload of the destination.* events.
type DestinationNews struct {
	Destination string `json:"destination"`
	Freelancer  string `json:"freelancer"`
	Label       string `json:"label"`
	Hint        string `json:"hint"`
	By          string `json:"by"`
	// UsableAt is when payouts can go there (Unix milliseconds).
	UsableAt int64 `json:"usableAt"`
}

// AddDestination makes a new account the one a freelancer is paid out to. It
// replaces the one before at once and cools off before money goes there, so that
// a thief in a hurry gains nothing and the owner, who is told, has time to object.
func (s *PaymentsService) AddDestination(ctx context.Context, cmd Command, signedInAt time.Time, label, reference string) (Answer, error) {
	if stored, err := Replay(s.App, cmd); err != nil || stored != nil {
		return replayed(stored), err // however long ago the sign-in was
	}
	if !s.Fresh(signedInAt) {
		return Answer{}, forbidden(CodeSignInAgain, "Sign in again to change where your money goes.")
	}
	label, reference = strings.TrimSpace(label), strings.TrimSpace(reference)
	if label == "" || utf8.RuneCountInString(label) > 60 || reference == "" || len(reference) > 120 {
		return Answer{}, badRequest(CodeInvalidInput, "A payout destination has a label of at most 60 characters and the provider's reference of the account.")
	}
	if err := s.Provider.CheckDestination(ctx, reference); err != nil {
		return Answer{}, err
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		if err := s.replaceDestination(tx, cmd.Principal); err != nil {
			return nil, err
		}
		col, err := tx.FindCachedCollectionByNameOrId(collections.PayoutDestinations)
		if err != nil {
			return nil, err
		}
		destination := core.NewRecord(col)
		destination.Load(map[string]any{
			collections.FieldFreelancer: cmd.Principal, collections.DestinationLabel: label, collections.DestinationReference: reference,
			collections.DestinationHint: hint(reference), collections.FieldProvider: s.Provider.Name(),
			collections.FieldStatus: collections.DestinationMachine.Initial, collections.FieldVersion: 1,
		})
		if err := tx.Save(destination); err != nil {
			return nil, err
		}
		if err := s.auditDestination(tx, cmd.Principal, "add", destination); err != nil {
			return nil, err
		}
		return destination, s.tellDestination(tx, TopicDestinationNew, destination, cmd.Principal)
	})
}

// auditDestination notes who changes where money goes.
func (s *PaymentsService) auditDestination(tx core.App, user, action string, destination *core.Record) error {
	return Audit(tx, s.Clock.Now(), Deed{ByUser(user), action, collections.PayoutDestinations + "/" + destination.Id, nil})
}

// hint shows which account it is to someone who knows it.
func hint(reference string) string { return "…" + reference[max(0, len(reference)-4):] }

func (s *PaymentsService) replaceDestination(tx core.App, freelancer string) error {
	live, err := liveDestination(tx, freelancer)
	if err != nil || live == nil {
		return err
	}
	return Transition(tx, Move{Machine: collections.DestinationMachine, Record: live, Verb: "replace", By: freelancer})
}

// RemoveDestination leaves a freelancer without one; nothing is paid out then.
func (s *PaymentsService) RemoveDestination(cmd Command, id string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		destination, err := partyTo(tx, collections.PayoutDestinations, id, cmd.Principal, collections.ByFreelancer)
		if err != nil {
			return nil, err
		}
		if err := s.auditDestination(tx, cmd.Principal, "remove", destination); err != nil {
			return nil, err
		}
		return destination, Transition(tx, Move{Machine: collections.DestinationMachine, Record: destination, Verb: "remove", By: cmd.Principal})
	})
}

// HandlePayoutDeadlines lets a destination be used when it has cooled off.
func (s *PaymentsService) HandlePayoutDeadlines() {
	s.OnDeadline(collections.DeadlineDestination, func(tx core.App, destination *core.Record) error {
		if err := Transition(tx, Move{Machine: collections.DestinationMachine, Record: destination, Verb: "activate", By: System}); err != nil {
			return err
		}
		return s.tellDestination(tx, TopicDestinationActive, destination, System)
	})
}

func (s *PaymentsService) tellDestination(tx core.App, topic string, destination *core.Record, by string) error {
	news := DestinationNews{
		Destination: destination.Id, Freelancer: destination.GetString(collections.FieldFreelancer),
		Label: destination.GetString(collections.DestinationLabel), Hint: destination.GetString(collections.DestinationHint),
		By: by, UsableAt: s.Clock.Now().UnixMilli(),
	}
	if destination.GetString(collections.FieldStatus) == collections.DestinationCooling {
		usable, err := usableAt(tx, destination)
		if err != nil {
			return err
		}
		news.UsableAt = usable.UnixMilli()
	}
	return s.Emit(tx, topic, collections.PayoutDestinations, destination.Id, destination.GetInt(collections.FieldVersion), news)
}

// liveDestination is the destination a freelancer has now, or nil.
func liveDestination(app core.App, freelancer string) (*core.Record, error) {
	found, err := app.FindRecordsByFilter(collections.PayoutDestinations, "freelancer = {:freelancer} && (status = 'cooling' || status = 'active')", "", 1, 0,
		dbx.Params{"freelancer": freelancer})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// usableAt is when a cooling destination can be used.
func usableAt(app core.App, destination *core.Record) (time.Time, error) {
	live, err := liveDeadlines(app, destination.Id, collections.DeadlineDestination)
	if err != nil || len(live) == 0 {
		return time.Time{}, err
	}
	return live[0].GetDateTime(collections.DeadlineDueAt).Time(), nil
}

// usableDestination is where a freelancer's money can go now; it says why if nowhere. An
// account at a provider that no longer moves the money is none: the sandbox, for one,
// would say that it has paid out what it never had.
func (s *PaymentsService) usableDestination(app core.App, freelancer string) (*core.Record, error) {
	destination, err := liveDestination(app, freelancer)
	if err != nil {
		return nil, err
	}
	if destination == nil || orElse(destination.GetString(collections.FieldProvider), ProviderSandbox) != s.Provider.Name() {
		return nil, conflict(CodeDestMissing, "Say first where your money goes: add a payout destination.")
	}
	if destination.GetString(collections.FieldStatus) == collections.DestinationActive {
		return destination, nil
	}
	usable, err := usableAt(app, destination)
	if err != nil {
		return nil, err
	}
	return nil, Failf(http.StatusConflict, CodeDestCooling, "The payout destination is new; it can be used from %s on.", usable.Format(time.RFC1123)).
		With("usableAt", usable.UnixMilli())
}
