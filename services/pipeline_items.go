package services

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/forecast"
)

// The buckets of the pipeline, most certain first.
const (
	bucketCommitted   = "committed"
	bucketProbable    = "probable"
	bucketSpeculative = "speculative"
)

// PipelineItem is one thing that may become money.
type PipelineItem struct {
	// Item is a payment, a milestone or a proposal (for a client: a project).
	Item   string `json:"item"`
	Kind   string `json:"kind"`
	Bucket string `json:"bucket"`
	Status string `json:"status"`
	Title  string `json:"title"`
	// Project and Counterpart say whose it is; the counterpart of a client's open
	// project is not known yet.
	Project     string `json:"project"`
	Counterpart string `json:"counterpart,omitempty"`
	// Amount is what it brings if it comes, net of fees for a freelancer; Expected
	// is that times its chance.
	Amount   int64 `json:"amount"`
	Expected int64 `json:"expected"`
	// Month is when, YYYY-MM; an overdue item should have come before this month.
	Month   string `json:"month"`
	Overdue bool   `json:"overdue"`
	// Pace says where the month comes from: a due date, or how long such things take.
	Pace string `json:"pace"`

	due time.Time
}

// Where the month of a pipeline item comes from.
const (
	paceApproved = "approved"
	paceReview   = "review"
	paceDue      = "due"
	paceHold     = "hold"
	paceDecide   = "decide"
)

// personPipeline is the pipeline of one person at one moment, in all currencies.
type personPipeline struct {
	rhythm rhythm
	items  map[string][]PipelineItem // currency -> items, by month
}

// HandlePipeline keeps what projects tells of proposals and milestones.
func (s *PaymentsService) HandlePipeline() {
	s.Handle(TopicPipelineChanged, func(tx core.App, event Event) error {
		news, err := decode[PipelineNews](event)
		if err != nil {
			return err
		}
		_, err = tx.DB().NewQuery(`INSERT INTO pipeline_item (id, version, kind, status, title, project, contract, client, freelancer, currency, amount, fee, position, days, due, created, at)
			VALUES ({:id}, {:version}, {:kind}, {:status}, {:title}, {:project}, {:contract}, {:client}, {:freelancer}, {:currency}, {:amount}, {:fee}, {:position}, {:days}, {:due}, {:created}, {:at})
			ON CONFLICT (id, version) DO UPDATE SET status = excluded.status, title = excluded.title, amount = excluded.amount, fee = excluded.fee,
				position = excluded.position, days = excluded.days, due = excluded.due, at = excluded.at`).Bind(dbx.Params{
			"id": news.Item, "version": event.Version, "kind": news.Kind, "status": news.Status, "title": news.Title, "project": news.Project,
			"contract": news.Contract, "client": news.Client, "freelancer": news.Freelancer, "currency": news.Currency, "amount": news.Amount,
			"fee": news.Fee, "position": news.Position, "days": news.Days, "due": news.Due, "created": news.Created, "at": news.At,
		}).Execute()
		return err
	})
}

// heldPayment is what was held for one payment at a moment.
type heldPayment struct {
	ID         string `db:"id"`
	Milestone  string `db:"milestone"`
	Project    string `db:"project"`
	Title      string `db:"title"`
	Client     string `db:"client"`
	Freelancer string `db:"freelancer"`
	Currency   string `db:"currency"`
	FeePlan    string `db:"feePlan"`
	FundedAt   int64  `db:"fundedAt"`
	Held       int64  `db:"held"`
	Released   int64  `db:"released"`
}

// heldAt reads from the ledger what was held for the payments of user at a moment,
// without what disputes had locked.
func (s *PaymentsService) heldAt(user string, view Perspective, at time.Time, now bool) ([]heldPayment, error) {
	open := ""
	if now { // a payment that is over holds nothing: no need to ask the ledger
		open = `AND p.status IN ('held', 'disputed')`
	}
	var held []heldPayment
	err := s.App.ConcurrentDB().NewQuery(`SELECT p.id, p.milestone, p.project, p.title, p.client, p.freelancer, p.currency, p.feePlan,
			min(e.at) AS fundedAt, sum(e.amount) AS held, coalesce(sum(CASE WHEN t.kind = 'release' THEN -e.amount END), 0) AS released
		FROM payments p JOIN ledger_account a ON a.name = 'hold:' || p.id AND a.currency = p.currency
			JOIN ledger_entry e ON e.account = a.id AND e.at <= {:at} JOIN ledger_tx t ON t.ref = e.tx
		WHERE p.` + sideField(view) + ` = {:user} ` + open + ` GROUP BY p.id HAVING sum(e.amount) > 0 ORDER BY p.id`).
		Bind(dbx.Params{"user": user, "at": at.UnixMilli()}).All(&held)
	return held, err
}

// sideField is the field of payments and pipeline items that names the person.
func sideField(view Perspective) string {
	if view == PerspectiveSpend {
		return collections.FieldClient
	}
	return collections.FieldFreelancer
}

// pipelineAt is the pipeline of user as it was known at a moment, now or past: it
// is made from the ledger and from versions of items, of which none is overwritten.
func (s *PaymentsService) pipelineAt(user string, view Perspective, at time.Time) (*personPipeline, error) {
	var versions []PipelineNews
	err := s.App.ConcurrentDB().NewQuery(`SELECT id, kind, status, title, project, contract, client, freelancer, currency, amount, fee, position, days, due, created, at
		FROM pipeline_item WHERE ` + sideField(view) + ` = {:user} AND at <= {:at} ORDER BY id, version`).
		Bind(dbx.Params{"user": user, "at": at.UnixMilli()}).All(&versions)
	if err != nil {
		return nil, err
	}
	held, err := s.heldAt(user, view, at, !at.Before(s.Clock.Now()))
	if err != nil {
		return nil, err
	}
	lives := livesAt(versions, at.UnixMilli())
	b := pipelineBuilder{view: view, at: at, pace: paceOf(lives, view), paid: map[string]bool{}, items: map[string][]PipelineItem{}}
	if err := b.committed(held, lives); err != nil {
		return nil, err
	}
	b.probable(lives)
	b.speculative(lives)
	for _, items := range b.items {
		slices.SortStableFunc(items, func(a, b PipelineItem) int { return a.due.Compare(b.due) })
	}
	return &personPipeline{rhythm: b.pace, items: b.items}, nil
}

// pipelineBuilder sorts what may become money into buckets and months.
type pipelineBuilder struct {
	view  Perspective
	at    time.Time
	pace  rhythm
	paid  map[string]bool // milestones that have a held payment
	items map[string][]PipelineItem
}

// committed adds what is held: it is released when the work is approved.
func (b *pipelineBuilder) committed(held []heldPayment, lives []itemLife) error {
	known := map[string]itemLife{}
	for _, life := range lives {
		known[life.Item] = life
	}
	for _, payment := range held {
		amount := payment.Held
		if b.view == PerspectiveIncome {
			var plan FeePlan
			if err := json.Unmarshal([]byte(payment.FeePlan), &plan); err != nil {
				return fmt.Errorf("failed to read the fee plan of %s: %w", payment.ID, err)
			}
			amount -= plan.FeeOfPart(payment.Released, payment.Held)
		}
		b.paid[payment.Milestone] = true
		life := known[payment.Milestone]
		item := PipelineItem{
			Item: payment.ID, Kind: "payment", Bucket: bucketCommitted, Status: cmp.Or(life.Status, collections.MilestoneFunded), Title: payment.Title,
			Project: payment.Project, Counterpart: other(b.view, payment.Client, payment.Freelancer), Amount: amount, Expected: amount,
		}
		switch {
		case life.Status == collections.MilestoneApproved:
			item.due, item.Pace = b.at, paceApproved
		case life.Status == collections.MilestoneSubmitted:
			item.due, item.Pace = time.UnixMilli(life.Submitted).Add(b.pace.Review), paceReview
		case life.Due > 0:
			item.due, item.Pace = time.UnixMilli(life.Due).Add(b.pace.Late), paceDue
		default:
			item.due, item.Pace = time.UnixMilli(payment.FundedAt).Add(b.pace.Hold), paceHold
		}
		b.add(payment.Currency, item)
	}
	return nil
}

// probable adds the milestones of active contracts that nobody has paid for yet:
// at their due date or, without one, one after the other at the person's own pace.
func (b *pipelineBuilder) probable(lives []itemLife) {
	planned := []itemLife{}
	busyUntil := map[string]time.Time{}
	for _, life := range lives {
		if life.Kind != itemMilestone {
			continue
		}
		if life.Status == collections.MilestonePlanned && !b.paid[life.Item] {
			planned = append(planned, life)
		}
	}
	slices.SortStableFunc(planned, func(a, b itemLife) int {
		return cmp.Or(cmp.Compare(a.Contract, b.Contract), cmp.Compare(a.Position, b.Position))
	})
	for _, life := range planned {
		item := b.fromLife(life, bucketProbable)
		if life.Due > 0 {
			item.due, item.Pace = time.UnixMilli(life.Due).Add(b.pace.Late), paceDue
		} else {
			begins := time.UnixMilli(life.Created).Add(b.pace.Start)
			if busyUntil[life.Contract].After(begins) {
				begins = busyUntil[life.Contract]
			}
			item.due, item.Pace = begins.Add(b.pace.Hold), paceHold
		}
		if item.due.After(busyUntil[life.Contract]) {
			busyUntil[life.Contract] = item.due
		}
		b.add(life.Currency, item)
	}
}

// speculative adds open proposals, times the chance that they are accepted. Of a
// client's open project at most one proposal is: it counts once, with their mean.
func (b *pipelineBuilder) speculative(lives []itemLife) {
	projects := map[string][]itemLife{}
	for _, life := range lives {
		if life.Kind != itemProposal || life.Status != collections.ProposalSubmitted {
			continue
		}
		key := life.Item
		if b.view == PerspectiveSpend {
			key = life.Project
		}
		projects[key] = append(projects[key], life)
	}
	for _, key := range sortedKeys(projects) {
		offers := projects[key]
		item := b.fromLife(offers[0], bucketSpeculative)
		item.Item, item.Amount = key, 0
		var days int
		for _, offer := range offers {
			item.Amount += b.net(offer)
			days += offer.Days
		}
		item.Amount /= int64(len(offers))
		item.Expected = int64(math.Round(float64(item.Amount) * b.pace.Rate))
		if b.view == PerspectiveSpend {
			item.Kind, item.Counterpart = "project", ""
		}
		work := b.pace.Hold
		if days > 0 {
			work = time.Duration(days/len(offers)) * collections.Day
		}
		decided := time.UnixMilli(offers[0].Created).Add(b.pace.Decide)
		if decided.Before(b.at) {
			decided = b.at
		}
		item.due, item.Pace = decided.Add(work), paceDecide
		b.add(offers[0].Currency, item)
	}
}

func (b *pipelineBuilder) fromLife(life itemLife, bucket string) PipelineItem {
	amount := b.net(life)
	return PipelineItem{
		Item: life.Item, Kind: life.Kind, Bucket: bucket, Status: life.Status, Title: life.Title, Project: life.Project,
		Counterpart: other(b.view, life.Client, life.Freelancer), Amount: amount, Expected: amount,
	}
}

// net is what an item brings a freelancer, or costs a client.
func (b *pipelineBuilder) net(life itemLife) int64 {
	if b.view == PerspectiveSpend {
		return life.Amount
	}
	return life.Amount - life.Fee
}

// add files an item. What was to come before now by one's own pace alone comes
// now; only a due date makes it overdue, which is for the reader to see.
func (b *pipelineBuilder) add(currency string, item PipelineItem) {
	if item.Pace != paceDue && item.due.Before(b.at) {
		item.due = b.at
	}
	b.items[currency] = append(b.items[currency], item)
}

// other is the one of the two whom a person of this side deals with.
func other(view Perspective, client, freelancer string) string {
	if view == PerspectiveSpend {
		return freelancer
	}
	return client
}

// inMonths gives items their months as seen in the month of at, and sums them up
// for the forecast: element 0 is that month.
func inMonths(items []PipelineItem, at time.Time, horizon int) forecast.Pipeline {
	p := forecast.Pipeline{Committed: make([]float64, horizon), Probable: make([]float64, horizon), Speculative: make([]float64, horizon)}
	for i := range items {
		item := &items[i]
		ahead := monthsApart(at, item.due.In(at.Location()))
		item.Month, item.Overdue = monthOf(item.due.In(at.Location())), ahead < 0
		if item.Overdue {
			p.Overdue += float64(item.Expected)
			continue
		}
		if ahead >= horizon {
			continue
		}
		switch item.Bucket {
		case bucketCommitted:
			p.Committed[ahead] += float64(item.Expected)
		case bucketProbable:
			p.Probable[ahead] += float64(item.Expected)
		case bucketSpeculative:
			p.Speculative[ahead] += float64(item.Expected)
		}
	}
	return p
}

// monthsApart counts months from one moment to another in their own time zone.
func monthsApart(from, to time.Time) int {
	return 12*(to.Year()-from.Year()) + int(to.Month()) - int(from.Month())
}
