package services

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// PayoutNews is the payload of the payout.* events.
type PayoutNews struct {
	Payout      string `json:"payout"`
	Freelancer  string `json:"freelancer"`
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
	Destination string `json:"destination"`
	Failure     string `json:"failure,omitempty"`
	Reason      string `json:"reason,omitempty"`
	By          string `json:"by"`
}

// MinimumPayout is the smallest payout in a currency, in minor units: what the
// operator set, else ten of its main unit (1,000 where there are no minor units).
func (o Options) MinimumPayout(currency string) int64 {
	return amountIn(currency, o.MinimumPayouts, 1_000)
}

// RequestPayout takes amount out of what a freelancer has available. The money
// is in transit from here on and is sent when the request has been stored. Less than
// the smallest payout is possible as the last one (see lastPayout): nobody's cents are
// kept for ever.
func (s *PaymentsService) RequestPayout(ctx context.Context, cmd Command, amount int64, currency string) (Answer, error) {
	if stored, err := Replay(s.App, cmd); err != nil || stored != nil {
		return replayed(stored), err // whatever the smallest payout is by now
	}
	if err := CheckCurrency(currency); err != nil {
		return Answer{}, err
	}
	if err := CheckAmount(amount); err != nil {
		return Answer{}, err
	}
	minimum := s.Options.MinimumPayout(currency)
	tooLittle := badRequest(CodeBelowMinimum, "The smallest payout is %s; less only when it is all you have, and no contract, payment, payout or dispute of yours is open.",
		Money(minimum, currency)).With("minimum", minimum)
	if amount < minimum {
		if last, err := s.lastPayout(ctx, cmd.Principal); err != nil {
			return Answer{}, err
		} else if !last {
			return Answer{}, tooLittle
		}
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		available, err := Balance(tx, AccountAvailable(cmd.Principal), currency)
		if err != nil {
			return nil, err
		}
		guarded, err := guardedOf(tx, cmd.Principal, currency)
		if err != nil {
			return nil, err
		}
		if free := max(0, available-guarded); free < amount {
			return nil, conflict(CodeNotEnough, "Only %s are available.", Money(free, currency)).With("available", free).With("guarded", guarded)
		}
		if amount < minimum && (amount != available || guarded != 0) {
			return nil, tooLittle
		}
		destination, err := s.usableDestination(tx, cmd.Principal)
		if err != nil {
			return nil, err
		}
		payout, err := s.newPayout(tx, destination, amount, currency)
		if err != nil {
			return nil, err
		}
		err = Post(tx, s.Clock.Now(), Posting{
			Ref: KindPayout + ":" + payout.Id, Kind: KindPayout, Currency: currency,
			Entries: []Entry{{AccountAvailable(cmd.Principal), -amount}, {AccountInTransit(payout.Id, cmd.Principal), amount}},
		})
		if err != nil {
			return nil, err
		}
		failpoint("payout-posted")
		return payout, s.tellPayout(tx, TopicPayoutRequested, payout, cmd.Principal)
	})
}

// lastPayout tells whether nothing is open that a person could be paid by or for: then what
// they have is all they will have for now. Projects is asked about contracts; without its
// answer it is not known (peer_unavailable).
func (s *PaymentsService) lastPayout(ctx context.Context, user string) (bool, error) {
	open, err := s.Obstacles(ctx, user)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(open, func(one Obstacle) bool { return one.Code != obstacleAvailable }) {
		return false, nil
	}
	err = s.Peers[collections.DomainProjects].Call(ctx, http.MethodGet, InternalObstacles, nil, &open)
	return err == nil && len(open) == 0, err
}

func (s *PaymentsService) newPayout(tx core.App, destination *core.Record, amount int64, currency string) (*core.Record, error) {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Payouts)
	if err != nil {
		return nil, err
	}
	payout := core.NewRecord(col)
	payout.Load(map[string]any{
		collections.FieldFreelancer:   destination.GetString(collections.FieldFreelancer),
		collections.PayoutDestination: destination.Id, collections.PayoutDestinationLabel: destination.GetString(collections.DestinationLabel),
		collections.FieldAmount: amount, collections.FieldCurrency: currency,
		collections.FieldStatus: collections.PayoutMachine.Initial, collections.FieldVersion: 1,
	})
	return payout, tx.Save(payout)
}

// CancelPayout takes a payout back that has not been sent.
func (s *PaymentsService) CancelPayout(cmd Command, id string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		payout, err := partyTo(tx, collections.Payouts, id, cmd.Principal, collections.ByFreelancer)
		if err != nil {
			return nil, err
		}
		if err := s.mayBeOut(tx); err != nil {
			return nil, err
		}
		return payout, s.endPayout(tx, payout, payoutEnd{
			verb: "cancel", topic: TopicPayoutFailed, failure: "cancelled", reason: "You cancelled it.", by: cmd.Principal,
		})
	})
}

// ModeratePayout stops a payout of which nothing is out, lets it go on, gives the
// money back, or settles one that came back to a closed account. Only moderators come here, through the admin UI.
func (s *PaymentsService) ModeratePayout(by Actor, id, decision, reason string) (payout *core.Record, err error) {
	choices := []string{collections.ModerationHold, collections.ModerationRelease, collections.ModerationRefuse, collections.ModerationPaid}
	if !slices.Contains(choices, decision) || utf8.RuneCountInString(reason) > 1000 {
		return nil, badRequest(CodeInvalidInput, "Choose a moderation (%s), with a reason of at most 1000 characters.", strings.Join(choices, ", ")).With("field", collections.PayoutModeration)
	}
	err = s.App.RunInTransaction(func(tx core.App) error {
		if payout, err = tx.FindRecordById(collections.Payouts, id); err != nil {
			return notFoundOr(err)
		}
		if decision != collections.ModerationPaid && !notOut(payout) {
			return illegal(collections.PayoutMachine, decision, payout.GetString(collections.FieldStatus))
		}
		if err := Audit(tx, s.Clock.Now(), Deed{by, "moderate", collections.Payouts + "/" + id, map[string]any{collections.PayoutModeration: decision}}); err != nil {
			return err
		}
		if decision == collections.ModerationPaid {
			return s.paidElsewhere(tx, payout, reason)
		}
		payout.Set(collections.PayoutModeration, decision)
		payout.Set(collections.FieldReason, reason)
		payout.Set(collections.PayoutOnHold, decision == collections.ModerationHold)
		if decision == collections.ModerationRefuse {
			if err := s.mayBeOut(tx); err != nil {
				return err
			}
			return s.endPayout(tx, payout, payoutEnd{
				verb: "fail", topic: TopicPayoutFailed, failure: "refused", reason: reason, by: System,
			})
		}
		return tx.Save(payout)
	})
	return payout, err
}

// mayBeOut refuses to end a payout while a restore is not settled: what the backup has as not
// sent may have arrived since, and its money would be available once more.
func (s *PaymentsService) mayBeOut(app core.App) error {
	if epoch, err := OpenEpoch(app); err != nil || epoch == nil {
		return err
	}
	return s.comparing()
}

// payoutEnd is how a payout ends with the freelancer.
type payoutEnd struct{ verb, topic, failure, reason, by string }

// endPayout ends a payout without the money having arrived: it is available again.
func (s *PaymentsService) endPayout(tx core.App, payout *core.Record, end payoutEnd) error {
	from := AccountInTransit(payout.Id, payout.GetString(collections.FieldFreelancer))
	if payout.GetString(collections.FieldStatus) == collections.PayoutSettled {
		from = AccountWorld // it had left us and came back
	}
	err := Transition(tx, Move{
		Machine: collections.PayoutMachine, Record: payout, Verb: end.verb, By: end.by, Reason: end.reason,
		Set: map[string]any{
			collections.PayoutFailure: end.failure, collections.FieldReason: end.reason,
			collections.PayoutOnHold: false, collections.FieldNextTryAt: 0,
		},
	})
	if err != nil {
		return err
	}
	amount := intOf(payout, collections.FieldAmount)
	err = Post(tx, s.Clock.Now(), Posting{
		Ref: KindPayoutReversed + ":" + payout.Id, Kind: KindPayoutReversed, Currency: payout.GetString(collections.FieldCurrency),
		Entries: []Entry{{from, -amount}, {AccountAvailable(payout.GetString(collections.FieldFreelancer)), amount}},
	})
	if err != nil {
		return err
	}
	failpoint("payout-ended")
	return s.tellPayout(tx, end.topic, payout, end.by)
}

func (s *PaymentsService) settlePayout(tx core.App, payout *core.Record) error {
	err := Transition(tx, Move{
		Machine: collections.PayoutMachine, Record: payout, Verb: "settle", By: System,
		Set: map[string]any{collections.PaymentSettledAt: s.Clock.Now(), collections.FieldNextTryAt: 0},
	})
	if err != nil {
		return err
	}
	amount, freelancer := intOf(payout, collections.FieldAmount), payout.GetString(collections.FieldFreelancer)
	err = Post(tx, s.Clock.Now(), Posting{
		Ref: KindPayoutSettled + ":" + payout.Id, Kind: KindPayoutSettled, Currency: payout.GetString(collections.FieldCurrency),
		Entries: []Entry{{AccountInTransit(payout.Id, freelancer), -amount}, {AccountWorld, amount}},
	})
	if err != nil {
		return err
	}
	failpoint("payout-settled")
	return s.tellPayout(tx, TopicPayoutSettled, payout, System)
}

func (s *PaymentsService) tellPayout(tx core.App, topic string, payout *core.Record, by string) error {
	return s.Emit(tx, topic, collections.Payouts, payout.Id, payout.GetInt(collections.FieldVersion), PayoutNews{
		Payout: payout.Id, Freelancer: payout.GetString(collections.FieldFreelancer), Amount: intOf(payout, collections.FieldAmount),
		Currency: payout.GetString(collections.FieldCurrency), Destination: payout.GetString(collections.PayoutDestinationLabel),
		Failure: payout.GetString(collections.PayoutFailure), Reason: payout.GetString(collections.FieldReason), By: by,
	})
}

// PayoutBalance is what a freelancer can have paid out in one currency, in minor units.
type PayoutBalance struct {
	Currency  string `json:"currency"`
	Available int64  `json:"available"`
	InTransit int64  `json:"inTransit"`
	// Guarded is what of the available cannot be paid out for now: a client's bank wants it back.
	Guarded int64 `json:"guarded" db:"-"`
	Minimum int64 `json:"minimum"`
	// Last says that all of it can be paid out although it is less than the smallest payout,
	// because nothing else of theirs is open; Minimum is all of it then.
	Last bool `json:"last" db:"-"`
	// CanRequest says whether a payout can be asked for now; Why has the code of what is in the way.
	CanRequest bool   `json:"canRequest"`
	Why        string `json:"why"`
}

// PayoutBalances says what user can have paid out.
func (s *PaymentsService) PayoutBalances(ctx context.Context, user string) ([]PayoutBalance, error) {
	balances := []PayoutBalance{}
	err := s.App.ConcurrentDB().NewQuery(`SELECT a.currency,
		sum(CASE WHEN a.name = {:available} THEN b.amount ELSE 0 END) AS available,
		sum(CASE WHEN a.name LIKE 'payout:%' THEN b.amount ELSE 0 END) AS in_transit
		FROM ledger_account a JOIN ledger_balance b ON b.account = a.id WHERE a.owner = {:user} AND a.owner <> '' GROUP BY a.currency ORDER BY a.currency`).
		Bind(dbx.Params{"user": user, "available": AccountAvailable(user).Name}).All(&balances)
	if err != nil {
		return nil, err
	}
	_, inTheWay := s.usableDestination(s.App, user)
	if inTheWay != nil && Code(inTheWay) == "" {
		return nil, inTheWay
	}
	isLast := sync.OnceValue(func() bool { return s.mayBeLast(ctx, user) }) // the same for all currencies, and projects is asked
	for n := range balances {
		balance := &balances[n]
		if balance.Guarded, err = guardedOf(s.App, user, balance.Currency); err != nil {
			return nil, err
		}
		balance.Guarded = min(balance.Guarded, balance.Available)
		balance.Minimum = s.Options.MinimumPayout(balance.Currency)
		switch {
		case inTheWay != nil:
			balance.Why = Code(inTheWay)
		case balance.Available-balance.Guarded >= balance.Minimum:
		case balance.Available > 0 && balance.Guarded == 0 && isLast():
			balance.Last, balance.Minimum = true, balance.Available
		default:
			balance.Why = CodeBelowMinimum
		}
		balance.CanRequest = balance.Why == ""
	}
	return balances, nil
}

// mayBeLast is lastPayout for who only looks: while projects is silent it is not offered.
func (s *PaymentsService) mayBeLast(ctx context.Context, user string) bool {
	last, err := s.lastPayout(ctx, user)
	if err != nil {
		s.Logger.Warn("it is not known whether a payout is the last one", "user", user, "error", err)
	}
	return err == nil && last
}
