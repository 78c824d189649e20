package services

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/forecast"
)

// forecastInputs are all that the forecast of one person's months in one currency
// is made of.
type forecastInputs struct {
	View     Perspective
	Currency string
	// At is the moment of the forecast, in the person's time zone.
	At time.Time
	// History are the complete months, oldest first; Earned is what of the
	// running month is there already.
	History []Month
	Earned  int64
	Items   []PipelineItem
	Rhythm  rhythm
	// Clients are the counterparts with the most in the last twelve complete months.
	Clients []Share
	// Known says that the person ever earned or spent in the currency.
	Known bool
}

// elapsed is the share of the running month that is over.
func (in *forecastInputs) elapsed() float64 {
	first := firstOfMonth(in.At)
	return float64(in.At.Sub(first)) / float64(first.AddDate(0, 1, 0).Sub(first))
}

// amounts is the history as numbers.
func (in *forecastInputs) amounts() []float64 {
	y := make([]float64, len(in.History))
	for i, month := range in.History {
		y[i] = float64(month.Amount)
	}
	return y
}

func firstOfMonth(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
}

// forecastInputs collects the inputs of user's forecast as of now, in currency or,
// for "", in the main one.
func (s *PaymentsService) forecastInputs(user string, view Perspective, currency string) (*forecastInputs, error) {
	zone, err := s.zoneOf(user)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	pipeline, err := s.pipelineAt(user, view, now)
	if err != nil {
		return nil, err
	}
	if currency == "" {
		if currency, err = s.mainCurrency(user, view, pipeline); err != nil {
			return nil, err
		}
	}
	in := &forecastInputs{
		View: view, Currency: currency, At: now.In(zone), History: []Month{}, Rhythm: pipeline.rhythm, Items: pipeline.items[currency],
	}
	if err := s.readHistory(in, user); err != nil {
		return nil, err
	}
	in.Clients, err = s.clientsOfYear(user, view, currency, in.At)
	return in, err
}

// readHistory fills in the complete months before in.At and what of its month is
// there already.
func (s *PaymentsService) readHistory(in *forecastInputs, user string) error {
	rows, err := s.bookMonths(user, in.View, in.Currency, "", "", monthOf(in.At))
	if err != nil || len(rows) == 0 {
		return err
	}
	in.Known = true
	if last := rows[len(rows)-1]; last.Month == monthOf(in.At) {
		in.Earned = last.Amount
	}
	in.History, err = completeMonths(rows, in.At)
	return err
}

// completeMonths are the months from the first of rows to the last before at's,
// at most maxMonths.
func completeMonths(rows []Month, at time.Time) ([]Month, error) {
	last := monthOf(lastMonth(at))
	first := max(rows[0].Month, monthOf(firstOfMonth(at).AddDate(0, -maxMonths, 0)))
	months, err := monthsBetween(first, last)
	if err != nil {
		return nil, err
	}
	return fillMonths(months, rows), nil
}

// mainCurrency is the one with the most movements or, without any, the most items
// in the pipeline: amounts of different currencies cannot be compared.
func (s *PaymentsService) mainCurrency(user string, view Perspective, pipeline *personPipeline) (string, error) {
	var rows []struct {
		Currency string `db:"currency"`
		Count    int    `db:"count"`
	}
	err := s.App.ConcurrentDB().NewQuery(`SELECT currency, sum(count) AS count FROM earnings_month
		WHERE user = {:user} AND view = {:view} AND counterpart = '' GROUP BY currency ORDER BY count DESC, currency LIMIT 1`).
		Bind(dbx.Params{"user": user, "view": string(view)}).All(&rows)
	if err != nil {
		return "", err
	}
	if len(rows) > 0 {
		return rows[0].Currency, nil
	}
	best, most := "", 0
	for _, currency := range sortedKeys(pipeline.items) {
		if n := len(pipeline.items[currency]); n > most {
			best, most = currency, n
		}
	}
	return best, nil
}

// topClients bounds the counterparts that an explanation looks at.
const topClients = 10

func (s *PaymentsService) clientsOfYear(user string, view Perspective, currency string, at time.Time) ([]Share, error) {
	shares := []Share{}
	err := s.App.ConcurrentDB().NewQuery(`SELECT m.counterpart AS id, coalesce(u.name, '') AS title, sum(m.amount) AS amount, sum(m.count) AS count
		FROM earnings_month m LEFT JOIN users u ON u.id = m.counterpart
		WHERE m.user = {:user} AND m.view = {:view} AND m.currency = {:currency} AND m.counterpart <> '' AND m.month BETWEEN {:from} AND {:to}
		GROUP BY m.counterpart HAVING sum(m.amount) > 0 ORDER BY amount DESC, m.counterpart LIMIT {:limit}`).Bind(dbx.Params{
		"user": user, "view": string(view), "currency": currency, "limit": topClients,
		"from": monthOf(firstOfMonth(at).AddDate(-1, 0, 0)), "to": monthOf(lastMonth(at)),
	}).All(&shares)
	return shares, err
}

// Peers are whole histories of others of the same side and currency. They are used
// only for somebody without three months of their own, and only if there are
// peersEnough of them: fewer would give single people away.
const (
	peersEnough = 10
	peersMost   = 200
	peersKept   = time.Hour
)

type peerPool struct {
	at        time.Time
	histories [][]float64
}

// peerPools keeps them by view and currency.
type peerPools struct {
	*sync.Mutex
	of map[nowKey]peerPool
}

func newPeerPools() peerPools { return peerPools{&sync.Mutex{}, map[nowKey]peerPool{}} }

// peers returns the first year of others, or nil; they are read once an hour.
func (s *PaymentsService) peers(view Perspective, currency string) ([][]float64, error) {
	key := nowKey{View: view, Currency: currency}
	now := s.Clock.Now()
	s.pools.Lock()
	defer s.pools.Unlock()
	if known, ok := s.pools.of[key]; ok && now.Sub(known.at).Abs() < peersKept {
		return known.histories, nil
	}
	var rows []struct {
		User   string  `db:"user"`
		Amount float64 `db:"amount"`
	}
	err := s.App.ConcurrentDB().NewQuery(`SELECT m.user, m.amount FROM earnings_month m
		WHERE m.view = {:view} AND m.currency = {:currency} AND m.counterpart = '' AND m.user IN (
			SELECT user FROM earnings_now WHERE view = {:view} AND currency = {:currency} AND total > 0 ORDER BY user LIMIT {:most})
		ORDER BY m.user, m.month`).Bind(dbx.Params{"view": string(view), "currency": currency, "most": peersMost}).All(&rows)
	if err != nil {
		return nil, err
	}
	histories := [][]float64{}
	last := ""
	for _, row := range rows {
		if row.User != last {
			histories, last = append(histories, nil), row.User
		}
		if h := &histories[len(histories)-1]; len(*h) < 12 {
			*h = append(*h, row.Amount)
		}
	}
	histories = slices.DeleteFunc(histories, func(h []float64) bool { return len(h) < minPeerMonths })
	if len(histories) < peersEnough {
		histories = nil
	}
	s.pools.of[key] = peerPool{now, histories}
	return histories, nil
}

// minPeerMonths is how many months with income a peer must have had.
const minPeerMonths = 3

// base is the forecast of the history alone, as seen at in.At: what is left of the
// running month is predicted, what is there is not.
func (s *PaymentsService) base(in *forecastInputs, horizon int, backtest bool) (whole, left forecast.Forecast, err error) {
	y := in.amounts()
	options := []forecast.Option{forecast.WithLastMonth(lastMonth(in.At).Month())}
	if !backtest {
		options = append(options, forecast.WithoutBacktest())
	}
	if len(y) < shortHistory {
		if len(in.Items) > 0 {
			y = nil // a month or two say less than the contracts do
		} else if pool, err := s.peers(in.View, in.Currency); err != nil {
			return whole, left, err
		} else if pool != nil {
			options = append(options, forecast.WithPool(pool))
		}
	}
	if whole, err = forecast.Predict(y, horizon, options...); err != nil {
		return whole, left, err
	}
	left, err = whole.WithEarned(0, in.elapsed())
	return whole, left, err
}

// minor rounds a predicted amount to whole minor units, which keeps the order of
// bounds. Amounts beyond what an integer of JSON holds exactly stop there.
func minor(amount float64) int64 {
	const most = 1 << 53
	return int64(math.Round(math.Max(-most, math.Min(amount, most))))
}
