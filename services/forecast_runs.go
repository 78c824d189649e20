package services

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/forecast"
)

// runKey names one stored forecast: the last one of a day of its person.
type runKey struct {
	User     string      `json:"-" db:"user"`
	View     Perspective `json:"-" db:"view"`
	Currency string      `json:"-" db:"currency"`
	Day      string      `json:"day" db:"day"`
}

// runInputs are kept with a forecast, so that it can be made again and learned from.
type runInputs struct {
	History  []Month           `json:"history"`
	Earned   int64             `json:"earned"`
	Elapsed  float64           `json:"elapsed"`
	Pipeline forecast.Pipeline `json:"pipeline"`
	Rate     float64           `json:"rate"`
	Model    ModelNote         `json:"model"`
	Zone     string            `json:"zone"`
}

// runAnswer is what was predicted.
type runAnswer struct {
	Total   int64           `json:"total"`
	Total80 [2]int64        `json:"total80"`
	Total95 [2]int64        `json:"total95"`
	Method  string          `json:"method"`
	Months  []ForecastMonth `json:"months"`
}

// storedRun is a forecast ready to be written.
type storedRun struct {
	runKey
	At     int64
	Inputs string
	Answer string
}

// keepDays is how many days of daily forecasts are kept; of the months before,
// the first forecast of each, for keepMonths.
const (
	keepDays   = 14
	keepMonths = 36
	dayLayout  = "2006-01-02"
)

// makeRun makes the forecast that is stored for user today, over maxForecast months.
func (s *PaymentsService) makeRun(user string, view Perspective, currency string, model *learnedModel) (*storedRun, error) {
	in, err := s.forecastInputs(user, view, currency)
	if err != nil {
		return nil, err
	}
	answer, err := s.predict(in, maxForecast, model, false)
	if err != nil {
		return nil, err
	}
	inputs, err := json.Marshal(runInputs{
		History: in.History[max(0, len(in.History)-keptHistory):], Earned: in.Earned, Elapsed: in.elapsed(), Pipeline: inMonths(in.Items, in.At, maxForecast),
		Rate: in.Rhythm.Rate, Model: model.Note, Zone: in.At.Location().String(),
	})
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(runAnswer{answer.Total, answer.Total80, answer.Total95, answer.Method, answer.Months})
	return &storedRun{runKey{user, view, currency, in.At.Format(dayLayout)}, in.At.UnixMilli(), string(inputs), string(raw)}, err
}

// keptHistory is how many months of history are kept with a forecast: all that
// forecast.Predict looks at.
const keptHistory = 96

// storeRuns writes forecasts; one of the same day is replaced.
func storeRuns(tx core.App, runs []*storedRun) error {
	if len(runs) == 0 {
		return nil
	}
	list := make([][]any, len(runs))
	for i, run := range runs {
		list[i] = []any{run.User, run.View, run.Currency, run.Day, run.At, run.Inputs, run.Answer}
	}
	return insertRows(tx, `INSERT INTO forecast_run (user, view, currency, day, at, inputs, answer)
		SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?) WHERE true
		ON CONFLICT (user, view, currency, day) DO UPDATE SET at = excluded.at, inputs = excluded.inputs, answer = excluded.answer`, list)
}

// dueScores lists the predicted months of a person that are over and not scored
// yet, as rows of forecast_score. Of each month the first forecast counts: later
// ones know more and more of it.
func (s *PaymentsService) dueScores(key runKey) ([][]any, error) {
	zone, err := s.zoneOf(key.User)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now().In(zone)
	var runs []struct {
		Day    string `db:"day"`
		Answer string `db:"answer"`
		Scored string `db:"scored"`
	}
	params := dbx.Params{"user": key.User, "view": string(key.View), "currency": key.Currency, "month": monthOf(now)}
	err = s.App.ConcurrentDB().NewQuery(`SELECT r.day, r.answer, coalesce((SELECT max(c.month) FROM forecast_score c
			WHERE c.user = r.user AND c.view = r.view AND c.currency = r.currency AND c.day = r.day), '') AS scored
		FROM forecast_run r WHERE r.user = {:user} AND r.view = {:view} AND r.currency = {:currency} AND r.day < {:month} AND ` + firstOfItsMonth + `
		ORDER BY r.day`).Bind(params).All(&runs)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	last := monthOf(lastMonth(now))
	came := map[string]int64{}
	var scores [][]any
	for _, run := range runs {
		var answer runAnswer
		if err := json.Unmarshal([]byte(run.Answer), &answer); err != nil {
			return nil, fmt.Errorf("failed to read a stored forecast: %w", err)
		}
		for ahead, m := range answer.Months {
			if m.Month <= run.Scored || m.Month > last {
				continue
			}
			if len(came) == 0 {
				if came, err = s.cameIn(key, last); err != nil {
					return nil, err
				}
			}
			scores = append(scores, []any{
				key.User, key.View, key.Currency, run.Day, m.Month, ahead, m.Mean, m.Lower80, m.Upper80, m.Lower95, m.Upper95, came[m.Month], now.UnixMilli(),
			})
		}
	}
	return scores, nil
}

// firstOfItsMonth is true of the first stored forecast r of a month.
const firstOfItsMonth = `r.day = (SELECT min(f.day) FROM forecast_run f WHERE f.user = r.user AND f.view = r.view AND f.currency = r.currency AND f.day >= substr(r.day, 1, 7) AND f.day <= r.day)`

// cameIn is what came in the months up to last; a month without anything is missing.
func (s *PaymentsService) cameIn(key runKey, last string) (map[string]int64, error) {
	rows, err := s.bookMonths(key.User, key.View, key.Currency, "", "", last)
	came := map[string]int64{"": 0}
	for _, row := range rows {
		came[row.Month] = row.Amount
	}
	return came, err
}

func writeScores(tx core.App, scores [][]any) error {
	if len(scores) == 0 {
		return nil
	}
	return insertRows(tx, `INSERT OR IGNORE INTO forecast_score (user, view, currency, day, month, ahead, mean, lower80, upper80, lower95, upper95, actual, at)
		SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12
		FROM json_each(?)`, scores)
}

// pruneRuns forgets the daily forecasts of people that are older than keepDays,
// and all that are older than keepMonths.
func pruneRuns(tx core.App, keys []runKey, now time.Time) error {
	people := map[string]bool{}
	for _, key := range keys {
		people[key.User] = true
	}
	raw, err := json.Marshal(sortedKeys(people))
	if err != nil {
		return err
	}
	_, err = tx.DB().NewQuery(`DELETE FROM forecast_run AS r WHERE r.user IN (SELECT value FROM json_each({:people}))
		AND (r.day < {:oldest} OR (r.day < {:daily} AND NOT ` + firstOfItsMonth + `))`).Bind(dbx.Params{
		"people": string(raw), "oldest": now.AddDate(0, -keepMonths, 0).Format(dayLayout), "daily": now.AddDate(0, 0, -keepDays).Format(dayLayout),
	}).Execute()
	return err
}

// ForecastRecord is how a person's past forecasts came true.
type ForecastRecord struct {
	// Months is how many predicted months are over, counting each as often as it was
	// predicted and leaving out those of which nothing was known and nothing came; Hit80 and Hit95 are the shares inside the ranges.
	Months int     `json:"months"`
	Hit80  float64 `json:"hit80"`
	Hit95  float64 `json:"hit95"`
	// MeanError is the mean absolute error, Bias the mean of predicted minus actual.
	MeanError int64 `json:"meanError"`
	Bias      int64 `json:"bias"`
	// NextMonth is MeanError one month ahead.
	NextMonth int64 `json:"nextMonth"`
}

func (s *PaymentsService) forecastRecord(user string, view Perspective, currency string) (ForecastRecord, error) {
	var row struct {
		Months int     `db:"months"`
		Hit80  float64 `db:"hit80"`
		Hit95  float64 `db:"hit95"`
		Error  float64 `db:"error"`
		Bias   float64 `db:"bias"`
		Next   float64 `db:"next"`
	}
	err := s.App.ConcurrentDB().NewQuery(`SELECT count(*) AS months, coalesce(avg(actual BETWEEN lower80 AND upper80), 0) AS hit80,
			coalesce(avg(actual BETWEEN lower95 AND upper95), 0) AS hit95, coalesce(avg(abs(mean - actual)), 0) AS error,
			coalesce(avg(mean - actual), 0) AS bias, coalesce(avg(CASE WHEN ahead <= 1 THEN abs(mean - actual) END), 0) AS next
		FROM forecast_score WHERE user = {:user} AND view = {:view} AND currency = {:currency} AND (mean <> 0 OR actual <> 0)`).
		Bind(dbx.Params{"user": user, "view": string(view), "currency": currency}).One(&row)
	return ForecastRecord{
		Months: row.Months, Hit80: row.Hit80, Hit95: row.Hit95, MeanError: int64(math.Round(row.Error)),
		Bias: int64(math.Round(row.Bias)), NextMonth: int64(math.Round(row.Next)),
	}, err
}

// PastMonth is a predicted month; those that are over say what came.
type PastMonth struct {
	ForecastMonth
	Actual *int64 `json:"actual,omitempty"`
	Hit80  *bool  `json:"hit80,omitempty"`
}

// PastForecast is one stored forecast.
type PastForecast struct {
	Day     string      `json:"day"`
	At      time.Time   `json:"at"`
	Total   int64       `json:"total"`
	Total80 [2]int64    `json:"total80"`
	Total95 [2]int64    `json:"total95"`
	Method  string      `json:"method"`
	Months  []PastMonth `json:"months"`
}

// ForecastHistory are a person's stored forecasts, newest first, and how they came true.
type ForecastHistory struct {
	Perspective Perspective    `json:"perspective"`
	Currency    string         `json:"currency"`
	Timezone    string         `json:"timezone"`
	Record      ForecastRecord `json:"record"`
	Forecasts   []PastForecast `json:"forecasts"`
}

// maxPast bounds the stored forecasts of one answer.
const maxPast = 60

// Forecasts lists the stored forecasts of user.
func (s *PaymentsService) Forecasts(user string, view Perspective, currency string) (*ForecastHistory, error) {
	zone, err := s.zoneOf(user)
	if err != nil {
		return nil, err
	}
	if currency == "" {
		if currency, err = s.mainCurrency(user, view, &personPipeline{}); err != nil {
			return nil, err
		}
	}
	answer := &ForecastHistory{Perspective: view, Currency: currency, Timezone: zone.String(), Forecasts: []PastForecast{}}
	if answer.Record, err = s.forecastRecord(user, view, currency); err != nil {
		return nil, err
	}
	var runs []struct {
		Day    string `db:"day"`
		At     int64  `db:"at"`
		Answer string `db:"answer"`
	}
	key := dbx.Params{"user": user, "view": string(view), "currency": currency, "limit": maxPast}
	err = s.App.ConcurrentDB().NewQuery(`SELECT day, at, answer FROM forecast_run WHERE user = {:user} AND view = {:view} AND currency = {:currency} ORDER BY day DESC LIMIT {:limit}`).
		Bind(key).All(&runs)
	if err != nil {
		return nil, err
	}
	over := monthOf(s.Clock.Now().In(zone))
	actual, err := s.cameIn(runKey{User: user, View: view, Currency: currency}, over)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		var stored runAnswer
		if err := json.Unmarshal([]byte(run.Answer), &stored); err != nil {
			return nil, fmt.Errorf("failed to read a stored forecast: %w", err)
		}
		past := PastForecast{run.Day, time.UnixMilli(run.At).UTC(), stored.Total, stored.Total80, stored.Total95, stored.Method, []PastMonth{}}
		for _, month := range stored.Months {
			one := PastMonth{ForecastMonth: month}
			if month.Month < over {
				came := actual[month.Month]
				hit := month.Lower80 <= came && came <= month.Upper80
				one.Actual, one.Hit80 = &came, &hit
			}
			past.Months = append(past.Months, one)
		}
		answer.Forecasts = append(answer.Forecasts, past)
	}
	return answer, nil
}

// sortKeys orders people the same way everywhere.
func sortKeys(keys []runKey) []runKey {
	slices.SortFunc(keys, func(a, b runKey) int {
		if a == b {
			return 0
		}
		if a.User+string(a.View)+a.Currency < b.User+string(b.View)+b.Currency {
			return -1
		}
		return 1
	})
	return slices.Compact(keys)
}
