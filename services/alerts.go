package services

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Operators are told by mail of what needs a person: each instance looks every
// minute, remembers what it has told, and hands the news to users, who has the mail
// server and knows the superusers' addresses.

// TopicAlert asks users to mail its superusers.
const TopicAlert = "alert.changed"

// AlertNews is what began and what is over.
type AlertNews struct {
	Domain collections.Domain `json:"domain"`
	At     int64              `json:"at"`
	// Began and Over have a sentence each.
	Began []string `json:"began"`
	Over  []string `json:"over"`
}

const (
	// WatchEvery is how often an instance looks for what operators must know.
	WatchEvery = time.Minute
	// restorePatience is how long a restore may compare with its peers before operators are told.
	restorePatience = time.Hour
	// alertTooLate is when a mail about a finding is old news.
	alertTooLate = 7 * collections.Day
)

// Watch compares what needs a person now with what operators were told, and tells
// the difference: once when it begins, once when it is over.
func (i *Instance) Watch() error {
	now, err := i.alarming()
	if err != nil {
		return err
	}
	return i.App.RunInTransaction(func(tx core.App) error {
		var told []struct {
			Finding string `db:"finding"`
			Message string `db:"message"`
		}
		if err := tx.DB().NewQuery(`SELECT finding, message FROM alerts`).All(&told); err != nil {
			return err
		}
		at := i.Clock.Now().UnixMilli()
		news := AlertNews{Domain: i.Domain, At: at, Began: []string{}, Over: []string{}}
		for _, one := range told {
			if _, still := now[one.Finding]; still {
				delete(now, one.Finding)
				continue
			}
			news.Over = append(news.Over, one.Message)
			if _, err := tx.DB().Delete("alerts", dbx.HashExp{"finding": one.Finding}).Execute(); err != nil {
				return err
			}
		}
		for _, finding := range slices.Sorted(maps.Keys(now)) {
			news.Began = append(news.Began, now[finding])
			if _, err := tx.DB().Insert("alerts", dbx.Params{"finding": finding, "message": now[finding], "since": at}).Execute(); err != nil {
				return err
			}
		}
		if len(news.Began)+len(news.Over) == 0 {
			return nil
		}
		if i.Domain == collections.DomainUsers {
			return queueAlert(tx, news)
		}
		return i.Emit(tx, TopicAlert, "alerts", string(i.Domain), int(at), news)
	})
}

// alarming has a sentence for everything that needs a person, by a name that stays
// the same for as long as it lasts.
func (i *Instance) alarming() (map[string]string, error) {
	found := map[string]string{}
	backlog, err := i.relay.Backlog()
	if err != nil {
		return nil, err
	}
	if backlog.Parked > 0 {
		found["events"] = fmt.Sprintf("Events were given up after a day of trying (%d): others do not know what happened. lancershub doctor says why.", backlog.Parked)
	}
	if state := i.audited(); state != "ok" && state != auditNotYet {
		found["audit"] = "The audit log does not hold together: " + state + "."
	}
	epoch, err := OpenEpoch(i.App)
	if err != nil {
		return nil, err
	}
	if epoch != nil && i.Clock.Now().Sub(time.UnixMilli(epoch.At)) > restorePatience {
		found["restore"] = "The restore of this domain has not settled: until it has, no money leaves, and what needs an answer waits. lancershub doctor says what it waits for."
	}
	// Domains in one process share a disk: one of them tells.
	if free, known := freeSpace(i.Options.DataDir); known && i.Domain == i.Options.Domains[0] && free < tightSpace {
		found["disk"] = fmt.Sprintf("The disk of %s is nearly full: %.1f GB are free. When it is full, nothing is stored any more.", i.Options.DataDir, float64(free)/1e9)
	}
	if i.Domain == collections.DomainPayments {
		return found, i.alarmingMoney(found)
	}
	return found, nil
}

// alarmingMoney adds what needs a person about money.
func (i *Instance) alarmingMoney(found map[string]string) error {
	last, err := LastReconciliation(i.App)
	if err != nil {
		return err
	}
	if last != nil && last.Unexplained > 0 {
		found["reconciliation"] = "Reconciliation: " + last.summary() + "."
	}
	var rows []struct {
		Finding string `db:"finding"`
		About   string `db:"about"`
		Amount  int64  `db:"amount"`
		Money   string `db:"money"`
		Due     string `db:"due"`
	}
	err = i.App.ConcurrentDB().NewQuery(`SELECT 'chargeback:' || id AS finding, payment AS about, amount, currency AS money, dueBy AS due FROM chargebacks WHERE status = 'open'
		UNION ALL SELECT 'refund:' || id, payment, amount, currency, '' FROM provider_refunds WHERE state = 'failed'
		UNION ALL SELECT 'webhook:' || id, provider, 0, '', '' FROM provider_events WHERE state = 'parked'`).All(&rows)
	if err != nil {
		return fmt.Errorf("failed to look for what needs a person: %w", err)
	}
	if err := i.unanswered(found); err != nil {
		return fmt.Errorf("failed to look for what needs a person: %w", err)
	}
	stranded, err := strandedPayouts(i.App)
	if err != nil {
		return fmt.Errorf("failed to look for what needs a person: %w", err)
	}
	for _, one := range stranded {
		found["payout:"+one.ID] = one.sentence() + "."
	}
	for _, row := range rows {
		kind, _, _ := strings.Cut(row.Finding, ":")
		switch kind {
		case "chargeback":
			found[row.Finding] = fmt.Sprintf("A client's bank wants %s of payment %s back.", Money(row.Amount, row.Money), row.About)
			if row.Due != "" {
				found[row.Finding] += " Send evidence to the provider by " + row.Due + "."
			}
		case "refund":
			found[row.Finding] = fmt.Sprintf("The provider refuses for good to give %s of payment %s back: decide in refusedRefunds of the payments admin UI.", Money(row.Amount, row.Money), row.About)
		default:
			found[row.Finding] = fmt.Sprintf("A webhook of %s (%s) was given up after a day of trying.", row.About, row.Finding)
		}
	}
	return nil
}

// unansweredSQL has what a provider has not said a word about: refunds that were asked for often
// (by then every hour: since a day ago), and pages that could not be looked at since the payment's time was up.
// A bank that takes its time is another thing: the provider says so.
const unansweredSQL = `SELECT 'refund-unknown:' || id AS finding, payment AS about, amount, currency AS money
		FROM provider_refunds WHERE state IN ('ready', 'sent') AND next_at > 0 AND state = 'sent' AND ref = '' AND tries > 33
	UNION ALL SELECT 'payment:' || id AS finding, id AS about, amount, currency
		FROM payments WHERE status = 'pending' AND lockedUntil >= 0 AND confirmUrl <> '' AND decideBy < {:before}`

// unanswered adds what no provider answers for: that of a key of another account, for example,
// knows nothing of it, and nobody but an operator can end that.
func (i *Instance) unanswered(found map[string]string) error {
	var rows []struct {
		Finding string `db:"finding"`
		About   string `db:"about"`
		Amount  int64  `db:"amount"`
		Money   string `db:"money"`
	}
	before := i.Clock.Now().Add(-collections.Day).UnixMilli()
	err := i.App.ConcurrentDB().NewQuery(unansweredSQL).Bind(dbx.Params{"before": before}).All(&rows)
	for _, row := range rows {
		what := "whether it was paid"
		if strings.HasPrefix(row.Finding, "refund") {
			what = "whether it was given back"
		}
		found[row.Finding] = fmt.Sprintf("The provider does not say %s: %s of payment %s. Look at it there, and at whose key it is asked with.", what, Money(row.Amount, row.Money), row.About)
	}
	return err
}

// HandleAlerts mails superusers what the other instances tell.
func (s UsersService) HandleAlerts() {
	s.Handle(TopicAlert, func(tx core.App, event Event) error {
		news, err := decode[AlertNews](event)
		if err != nil {
			return err
		}
		return queueAlert(tx, news)
	})
}

// queueAlert queues a mail to each superuser of users.
func queueAlert(tx core.App, news AlertNews) error {
	var superusers []string
	if err := tx.DB().Select("id").From(core.CollectionNameSuperusers).Column(&superusers); err != nil {
		return err
	}
	for _, superuser := range superusers {
		mail := alertMail(news, superuser)
		if err := queueMail(tx, mail, news.At); err != nil {
			return err
		}
	}
	return nil
}

// alertMail writes the mail to one superuser.
func alertMail(news AlertNews, superuser string) MailNews {
	subject := fmt.Sprintf("LancersHub %s: %s", news.Domain, things(len(news.Began))+" to look at")
	if len(news.Began) == 0 {
		subject = fmt.Sprintf("LancersHub %s: over: %s", news.Domain, things(len(news.Over)))
	}
	var text strings.Builder
	for _, sentence := range news.Began {
		fmt.Fprintf(&text, "• %s\n", oneLine(sentence))
	}
	if len(news.Over) > 0 {
		fmt.Fprint(&text, "\nOver now:\n")
	}
	for _, sentence := range news.Over {
		fmt.Fprintf(&text, "• %s\n", oneLine(sentence))
	}
	fmt.Fprint(&text, "\nYou get this because you are a superuser. You are told once, and once more when it is over.\n")
	return MailNews{
		ID: randomToken(20), User: superuser, Operator: true, Kind: TopicAlert, Subject: subject, Text: text.String(),
		HTML: `<pre style="font:16px/1.5 sans-serif;white-space:pre-wrap">` + html.EscapeString(text.String()) + `</pre>`, Until: news.At + alertTooLate.Milliseconds(),
	}
}
