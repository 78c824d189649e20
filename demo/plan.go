package demo

import (
	"math/rand/v2"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// plan is everything that happened in the demo marketplace. It is made from the
// seed and the day alone, before anything is loaded.
type plan struct {
	calendar
	r       *rand.Rand
	size    Size
	clients []*person
	// freelancers[0] and clients[0] are the demo accounts.
	freelancers []*person
	projects    []*project
	today       today
}

// person is somebody with an account.
type person struct {
	name, email, role, headline, bio string
	skills                           []string
	business                         string // clients
	trade                            *trade // freelancers
	hourly                           float64
	currency, country, zone          string
	joined                           time.Time

	// record is set once the account exists.
	record *core.Record
}

// project is what a client wants done. A zero time means that it never came to that.
type project struct {
	client                        *person
	trade                         *trade
	title, description            string
	currency                      string
	budgetMin, budgetMax          int64
	created, published, cancelled time.Time
	deadline                      time.Time
	reason                        string
	bids                          []*bid
	contract                      *contract
	// files says that the client attaches some, and that work is handed in as files.
	files bool

	id string
}

// bid is a proposal.
type bid struct {
	freelancer          *person
	amount              int64
	days                int
	letter              string
	at                  time.Time
	withdrawn, rejected time.Time
	reason              string

	id string
}

// contract is what follows when a bid is accepted.
type contract struct {
	project *project
	bid     *bid
	hired   time.Time
	stages  []*stage
	ended   time.Time
	reason  string
	lines   []line
	// unread says that the demo accounts have not looked at the chat since.
	unread bool

	id, chat string
}

// stage is a milestone and what happened to it.
type stage struct {
	title  string
	amount int64
	due    time.Time

	declined, funded           time.Time
	submitted, changes, resent time.Time
	approved, released         time.Time
	part                       time.Time // a part was released
	refunded                   time.Time
	note                       string

	id, payment string
}

// line is a chat message.
type line struct {
	at   time.Time
	from *person
	body string
}

// newPlan makes the plan.
func newPlan(seed uint64, now time.Time, size Size) *plan {
	p := &plan{calendar: newCalendar(now, size.Months), r: rand.New(rand.NewPCG(seed, 0)), size: size}
	p.makePeople()
	p.makeShowcase()
	p.makeTracks()
	p.makeUnhired()
	p.makeOthers()
	p.cut()
	p.makeBids()
	for _, project := range p.projects {
		if project.contract != nil {
			p.talk(project.contract)
		}
	}
	return p
}

// cut forgets what would happen today or later; the work that is under way is
// what remains of it.
func (p *plan) cut() {
	for _, project := range p.projects {
		if project.contract == nil {
			continue
		}
		for _, s := range project.contract.stages {
			for _, t := range []*time.Time{&s.declined, &s.funded, &s.submitted, &s.changes, &s.resent, &s.approved, &s.released, &s.part, &s.refunded} {
				if !p.past(*t) {
					*t = time.Time{}
				}
			}
		}
		if !p.past(project.contract.ended) {
			project.contract.ended = time.Time{}
		}
	}
}
