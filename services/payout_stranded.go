package services

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// A bank may send a payout back when its freelancer has closed the account. Nobody can ask
// for that money any more, so operators are told until a moderator says that they have paid
// it in another way (moderation of the payout: paid). What the provider has of it is theirs
// then, as with refunds that were refused.

// strandedSQL has such payouts, and how much of each is still there: a lost chargeback may
// have taken some.
const strandedSQL = `SELECT p.id AS id, p.freelancer AS freelancer, min(p.amount, b.amount) AS amount, p.currency AS currency
	FROM payouts p CROSS JOIN users u ON u.id = p.freelancer
	CROSS JOIN ledger_account a ON a.owner = p.freelancer AND a.owner <> '' AND a.name = 'user:' || p.freelancer || ':available' AND a.currency = p.currency
	CROSS JOIN ledger_balance b ON b.account = a.id
	WHERE p.status = 'returned' AND p.moderation <> 'paid' AND u.status = 'closed' AND b.amount > 0`

type strandedPayout struct {
	ID         string `db:"id"`
	Freelancer string `db:"freelancer"`
	Amount     int64  `db:"amount"`
	Currency   string `db:"currency"`
}

func (p strandedPayout) sentence() string {
	return fmt.Sprintf("%s of payout %s came back after its freelancer (%s) had closed the account: pay them in another way, then set moderation of the payout to paid in the payments admin UI",
		Money(p.Amount, p.Currency), p.ID, p.Freelancer)
}

func strandedPayouts(app core.App) (found []strandedPayout, err error) {
	err = app.ConcurrentDB().NewQuery(strandedSQL).All(&found)
	return found, err
}

// paidElsewhere takes what came back to a closed account out of it: the operator has paid it in another way.
func (s *PaymentsService) paidElsewhere(tx core.App, payout *core.Record, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return badRequest(CodeReasonRequired, "Say how they were paid.").With("field", collections.FieldReason)
	}
	var stranded strandedPayout
	err := tx.DB().NewQuery(strandedSQL + ` AND p.id = {:id}`).Bind(dbx.Params{"id": payout.Id}).One(&stranded)
	if errors.Is(err, sql.ErrNoRows) {
		return conflict(CodeConflict, "Only what came back to an account that was closed, and is still there, can be paid in another way.")
	}
	if err != nil {
		return err
	}
	payout.Set(collections.PayoutModeration, collections.ModerationPaid)
	payout.Set(collections.FieldReason, reason)
	if err := tx.SaveNoValidate(payout); err != nil {
		return err
	}
	return Post(tx, s.Clock.Now(), Posting{
		Ref: KindPayoutElsewhere + ":" + payout.Id, Kind: KindPayoutElsewhere, Currency: stranded.Currency,
		Entries: []Entry{{AccountAvailable(stranded.Freelancer), -stranded.Amount}, {AccountElsewhere, stranded.Amount}},
	})
}
