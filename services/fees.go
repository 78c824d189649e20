package services

import (
	"database/sql"
	"errors"
	"math/big"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// FeePlan is what the platform keeps of a payment's releases. It is data: a
// contract keeps the plan it was signed under, whatever the plan of the day is.
// Amounts are minor units of the contract's currency.
type FeePlan struct {
	// Version names the plan; a changed plan gets a new version.
	Version string `json:"version"`
	// BasisPoints is the share kept, in hundredths of a percent (1000 = 10 %).
	BasisPoints int64 `json:"basisPoints" db:"basisPoints"`
	// Fixed is kept once per payment, on top of the share.
	Fixed int64 `json:"fixed,omitempty"`
	// Minimum is the least that is kept of a payment.
	Minimum int64 `json:"minimum,omitempty"`
}

// DefaultFeePlan keeps 10 %.
var DefaultFeePlan = FeePlan{Version: "standard-1", BasisPoints: 1000}

// Fee returns what is kept of amount: floor(amount × basis points / 10000) plus
// the fixed fee, at least the minimum, and never more than amount itself. It is
// computed in big integers: amount × basis points may exceed 63 bits.
func (p FeePlan) Fee(amount int64) int64 {
	if amount <= 0 {
		return 0
	}
	share := new(big.Int).Mul(big.NewInt(amount), big.NewInt(p.BasisPoints))
	fee := share.Quo(share, big.NewInt(10_000)).Int64() + p.Fixed
	return min(amount, max(fee, p.Minimum))
}

// FeeOfPart returns the fee due on a part, given what was released before it, so
// that the fees of all parts sum to the fee of their whole.
func (p FeePlan) FeeOfPart(releasedBefore, part int64) int64 {
	if planted("each part rounds its own fee") {
		return p.Fee(part)
	}
	return p.Fee(releasedBefore+part) - p.Fee(releasedBefore)
}

// FeePreview says what a price means for both sides before anything is signed.
type FeePreview struct {
	Plan     FeePlan `json:"plan"`
	Amount   int64   `json:"amount"`
	Currency string  `json:"currency"`
	// ClientPays is what leaves the client, Fee what the platform keeps of it.
	ClientPays     int64 `json:"clientPays"`
	Fee            int64 `json:"fee"`
	FreelancerGets int64 `json:"freelancerGets"`
}

// PreviewFee computes the fee of amount under the plan of the day.
func (s ProjectsService) PreviewFee(amount int64, currency, category string) (*FeePreview, error) {
	if err := CheckAmount(amount); err != nil {
		return nil, err
	}
	if err := CheckCurrency(currency); err != nil {
		return nil, err
	}
	plan, err := s.feePlanOf(s.App, category, currency)
	if err != nil {
		return nil, err
	}
	return plan.preview(amount, currency), nil
}

func (p FeePlan) preview(amount int64, currency string) *FeePreview {
	fee := p.Fee(amount)
	return &FeePreview{Plan: p, Amount: amount, Currency: currency, ClientPays: amount, Fee: fee, FreelancerGets: amount - fee}
}

// PreviewProposal computes the fee of a proposal one is a party to, as its contract will have it.
func (s ProjectsService) PreviewProposal(id, user string) (*FeePreview, error) {
	proposal, err := eitherParty(s.App, collections.Proposals, id, user)
	if err != nil {
		return nil, err
	}
	project, err := s.App.FindRecordById(collections.Projects, proposal.GetString(collections.FieldProject))
	if err != nil {
		return nil, err
	}
	plan, err := s.feePlanFor(s.App, proposal, project.GetString(collections.ProjectCategory))
	if err != nil {
		return nil, err
	}
	return plan.preview(intOf(proposal, collections.FieldAmount), proposal.GetString(collections.FieldCurrency)), nil
}

// keepFeePlan stores with a proposal the plan it is sent under. The fee is the freelancer's to
// pay: a plan that starts, or another category, between the offer and its acceptance would change
// what they get without asking them.
func (s ProjectsService) keepFeePlan(proposal, project *core.Record) error {
	plan, err := s.feePlanOf(s.App, project.GetString(collections.ProjectCategory), project.GetString(collections.FieldCurrency))
	if err != nil {
		return err
	}
	proposal.Set(collections.ContractFeePlan, plan)
	return nil
}

// feePlanFor is the plan a proposal was sent under; of one from before plans were kept, that of the day.
func (s ProjectsService) feePlanFor(app core.App, proposal *core.Record, category string) (plan FeePlan, err error) {
	if err = proposal.UnmarshalJSONField(collections.ContractFeePlan, &plan); err != nil || plan.Version != "" {
		return plan, err
	}
	return s.feePlanOf(app, category, proposal.GetString(collections.FieldCurrency))
}

// feePlanOf is the plan of the day: of those that are valid, the newest of the
// most particular (for this category, then for this currency). Without any, it
// is the one the operator started with.
func (s ProjectsService) feePlanOf(app core.App, category, currency string) (FeePlan, error) {
	var plan FeePlan
	err := app.DB().NewQuery(`SELECT version, basisPoints, fixed, minimum FROM feePlans
		WHERE (category = '' OR category = {:category}) AND (currency = '' OR currency = {:currency}) AND validFrom <= {:now}
		ORDER BY category <> '' DESC, currency <> '' DESC, validFrom DESC, created DESC, rowid DESC LIMIT 1`).
		Bind(dbx.Params{collections.ProjectCategory: category, collections.FieldCurrency: currency, "now": dateTime(s.Clock.Now()).String()}).One(&plan)
	if errors.Is(err, sql.ErrNoRows) {
		return s.Options.FeePlan, nil
	}
	return plan, err
}

// CheckFeePlan refuses a plan that means nothing: an amount needs a currency.
func CheckFeePlan(plan *core.Record) error {
	currency := plan.GetString(collections.FieldCurrency)
	if currency == "" {
		if plan.GetInt(collections.FeePlanFixed) > 0 || plan.GetInt(collections.FeePlanMinimum) > 0 {
			return badRequest(CodeInvalidInput, "A fixed or minimum fee is an amount: give the plan a currency.").With("field", collections.FieldCurrency)
		}
		return nil
	}
	return CheckCurrency(currency)
}
