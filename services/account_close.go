package services

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Closing an account takes the person out of it: name, address, picture and
// profile go, the address is free again, and nobody can sign in. What the law and
// the other side need stays, without the name: the ledger, contracts, invoices,
// messages, reviews.
//
// Nothing may begin between the question whether anything is not over and the
// answer to it. So users first marks the account as closing: it is not eligible
// from then on, and whoever hires or pays asks users. Who had asked before has
// noted what they are about to do before they asked (hiring, a pending payment, a
// reservation), and the peers, asked after the mark, see that or what became of it.
// The mark is in memory: after a crash the account is as it was.

// ClosedName is what everybody sees of somebody who closed their account.
const ClosedName = "Closed account"

// Obstacle is why an account cannot be closed yet.
type Obstacle struct {
	Code  string `json:"code"`
	Count int    `json:"count"`
}

// Codes of obstacles.
const (
	obstacleContracts = "contracts_active"
	obstacleHeld      = "money_held"
	obstaclePending   = "payment_pending"
	obstacleRefund    = "refund_under_way"
	obstacleAvailable = "money_available"
	obstaclePayout    = "payout_under_way"
	obstacleDispute   = "dispute_open"
)

// obstacles count, per domain, what must be over before an account is closed.
var obstacles = map[collections.Domain][]struct{ code, sql string }{
	collections.DomainProjects: {
		{obstacleContracts, `SELECT count(*) FROM contracts WHERE (client = {:user} OR freelancer = {:user}) AND status IN ('active', 'paused')`},
		{obstaclePending, `SELECT count(*) FROM milestones m CROSS JOIN reservations r ON r.milestone = m.id AND r.state <> 'released'
			WHERE (m.client = {:user} OR m.freelancer = {:user}) AND r.state = 'reserved'`},
	},
	collections.DomainPayments: {
		{obstacleHeld, `SELECT count(*) FROM payments WHERE (client = {:user} OR freelancer = {:user}) AND status IN ('held', 'disputed')`},
		{obstaclePending, `SELECT count(*) FROM payments WHERE (client = {:user} OR freelancer = {:user}) AND status = 'pending'`},
		{obstaclePending, `SELECT count(*) FROM payments WHERE askedFreelancer = {:user} AND freelancer = '' AND status = 'pending'`},
		{obstacleRefund, `SELECT count(*) FROM payments p CROSS JOIN provider_refunds r ON r.payment = p.id WHERE p.client = {:user} AND r.state <> 'done'`},
		{obstacleDispute, `SELECT count(*) FROM disputes WHERE (client = {:user} OR freelancer = {:user}) AND status <> 'closed'`},
		{obstaclePayout, `SELECT count(*) FROM payouts WHERE freelancer = {:user} AND status IN ('requested', 'sent')`},
		{obstacleAvailable, `SELECT count(*) FROM ledger_account a JOIN ledger_balance b ON b.account = a.id WHERE a.owner = {:user} AND a.owner <> '' AND a.name = 'user:' || {:user} || ':available' AND b.amount <> 0`},
	},
}

// Obstacles says what of this domain keeps user's account open. All is read at one
// moment: money that moves meanwhile is in one place or the other.
func (i *Instance) Obstacles(ctx context.Context, user string) ([]Obstacle, error) {
	found := []Obstacle{}
	if i.hiring.have(user) { // before the database is read: who leaves is in there
		found = append(found, Obstacle{obstacleContracts, 1})
	}
	return found, inSnapshot(ctx, i.App, func(db dbx.Builder) error {
		for _, one := range obstacles[i.Domain] {
			var count int
			if err := db.NewQuery(one.sql).Bind(dbx.Params{"user": user}).Row(&count); err != nil {
				return err
			}
			if count > 0 {
				found = append(found, Obstacle{one.code, count})
			}
		}
		return nil
	})
}

// reasons adds up obstacles of one kind.
func reasons(found []Obstacle) []Obstacle {
	var sums []Obstacle
	for _, one := range found {
		at := slices.IndexFunc(sums, func(sum Obstacle) bool { return sum.Code == one.Code })
		if at < 0 {
			sums = append(sums, one)
		} else {
			sums[at].Count += one.Count
		}
	}
	return sums
}

// CloseAccount closes one's own account. It needs a fresh sign-in, asks the peers
// what is not over, and refuses with the reasons. Until it has answered, nobody
// hires, pays or is paid by this account.
func (s UsersService) CloseAccount(ctx context.Context, cmd Command, id string, signedInAt time.Time) (Answer, error) {
	if id != cmd.Principal {
		return Answer{}, notFound()
	}
	if !s.Fresh(signedInAt) {
		return Answer{}, forbidden(CodeSignInAgain, "Sign in again to close your account.")
	}
	defer s.closing.enter(id)()
	var projects, payments []Obstacle
	err := inParallel(ctx, s.Options.PeerTimeout,
		func(ctx context.Context) error {
			return s.Peers[collections.DomainProjects].Call(ctx, http.MethodGet, InternalObstacles, nil, &projects)
		},
		func(ctx context.Context) error {
			return s.Peers[collections.DomainPayments].Call(ctx, http.MethodGet, InternalObstacles, nil, &payments)
		})
	if err != nil {
		return Answer{}, err
	}
	if found := append(projects, payments...); len(found) > 0 {
		return Answer{}, conflict(CodeAccountInUse, "The account cannot be closed yet: something is not over.").With("reasons", reasons(found))
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		user, err := tx.FindRecordById(collections.Users, id)
		if err != nil {
			return nil, notFoundOr(err)
		}
		return struct{}{}, s.depersonalise(tx, user)
	})
}

// depersonalise takes the person out of the record. Saving it ends every session
// and tells the peers, because its status changes.
func (UsersService) depersonalise(tx core.App, user *core.Record) error {
	user.Load(map[string]any{
		collections.UserName: ClosedName, collections.UserAvatar: nil, collections.UserHeadline: "", collections.UserBio: "", collections.UserSkills: nil,
		collections.UserHourlyRate: 0, collections.FieldCurrency: "", collections.UserCountry: "", collections.UserTimezone: "", collections.UserLanguage: "",
		collections.FieldStatus: collections.UserStatusClosed, collections.UserMFA: false,
	})
	user.SetEmail("")
	user.SetVerified(false)
	user.SetRandomPassword()
	if err := tx.DeleteAllExternalAuthsByRecord(user); err != nil {
		return err
	}
	return tx.SaveNoValidate(user)
}

// HandleClosedUsers ends what somebody who closed their account had begun.
func (s ProjectsService) HandleClosedUsers() {
	s.closed = func(tx core.App, user string) error {
		const reason = "The account was closed."
		projects, err := tx.FindRecordsByFilter(collections.Projects, "client = {:user} && (status = 'draft' || status = 'open')", "", 0, 0, dbx.Params{"user": user})
		if err != nil {
			return err
		}
		for _, project := range projects {
			err := Transition(tx, Move{
				Machine: collections.ProjectMachine, Record: project, Verb: "cancel", By: System, Reason: reason,
				Set: map[string]any{collections.FieldReason: reason, collections.FieldClosedAt: s.Clock.Now()},
			})
			if err != nil {
				return err
			}
			if err := s.closeProposals(tx, project, "", "archive", "The project was cancelled."); err != nil {
				return err
			}
		}
		if err := forgetSearches(tx, user); err != nil {
			return err
		}
		proposals, err := tx.FindRecordsByFilter(collections.Proposals, "freelancer = {:user} && status = 'submitted'", "", 0, 0, dbx.Params{"user": user})
		if err != nil {
			return err
		}
		for _, proposal := range proposals {
			err := Transition(tx, Move{
				Machine: collections.ProposalMachine, Record: proposal, Verb: "withdraw", By: System, Reason: reason,
				Set: map[string]any{collections.FieldReason: reason},
			})
			if err != nil {
				return err
			}
			if err := s.emitProposal(tx, TopicProposalWithdrawn, proposal); err != nil {
				return err
			}
		}
		return nil
	}
}
