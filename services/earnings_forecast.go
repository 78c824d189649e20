package services

import (
	"time"

	"github.com/lancershub/lancershub/forecast"
)

// ForecastMonth is the prediction for one month, in minor units.
type ForecastMonth struct {
	Month   string `json:"month"`
	Mean    int64  `json:"mean"`
	Lower80 int64  `json:"lower80"`
	Upper80 int64  `json:"upper80"`
	Lower95 int64  `json:"lower95"`
	Upper95 int64  `json:"upper95"`
	// Parts add up to Mean.
	Parts ForecastParts `json:"parts"`
}

// EarningsForecast predicts the running month and those after it, in one currency.
type EarningsForecast struct {
	Perspective Perspective `json:"perspective"`
	Currency    string      `json:"currency"`
	Timezone    string      `json:"timezone"`
	// Sentence is the forecast in one English sentence; Why explains it, in parts
	// that an app can translate.
	Sentence string   `json:"sentence"`
	Why      []Reason `json:"why"`
	// Confidence says what a history of this length allows.
	Confidence Confidence `json:"confidence"`
	History    []Month    `json:"history"`
	// Earned is what of the running month is there already.
	Earned int64           `json:"earned"`
	Months []ForecastMonth `json:"months"`
	// Total is the sum over the months; its ranges come from joint paths, because
	// adding monthly bounds would claim far too wide a range. Parts add up to it.
	Total    int64           `json:"total"`
	Total80  [2]int64        `json:"total80"`
	Total95  [2]int64        `json:"total95"`
	Parts    ForecastParts   `json:"parts"`
	Pipeline PipelineSummary `json:"pipeline"`
	Method   string          `json:"method"`
	// Model says how history and pipeline were combined.
	Model    ModelNote         `json:"model"`
	Backtest forecast.Backtest `json:"backtest"`
	// Record is how past forecasts of this person came true.
	Record ForecastRecord `json:"record"`
}

// The levels of confidence, by the length of the history.
const (
	confidenceNone     = "none"     // nothing to go by
	confidencePeers    = "peers"    // under three months: what is usual for others
	confidencePipeline = "pipeline" // under three months: contracts and proposals only
	confidenceEarly    = "early"    // 3 to 11 months
	confidenceFair     = "fair"     // 12 to 23 months: a season is faint
	confidenceFull     = "full"
)

// shortHistory is the number of months under which a history says nothing by itself.
const shortHistory = 3

// Confidence says how much a forecast can be trusted.
type Confidence struct {
	Level  string `json:"level"`
	Months int    `json:"months"`
}

// maxForecast is the largest horizon that can be asked for.
const maxForecast = 12

// Forecast predicts the running month and the following, horizon in all, in
// currency ("" for the person's main one). It combines the history with what
// contracts and proposals promise.
func (s *PaymentsService) Forecast(user string, view Perspective, currency string, horizon int) (*EarningsForecast, error) {
	if err := checkHorizon(horizon); err != nil {
		return nil, err
	}
	if currency != "" {
		if err := CheckCurrency(currency); err != nil {
			return nil, err
		}
	}
	in, err := s.forecastInputs(user, view, currency)
	if err != nil {
		return nil, err
	}
	model, err := s.pipelineModel(view)
	if err != nil {
		return nil, err
	}
	answer, err := s.predict(in, horizon, model, true)
	if err != nil {
		return nil, err
	}
	if answer.Record, err = s.forecastRecord(user, view, in.Currency); err != nil {
		return nil, err
	}
	answer.explain(in)
	return answer, nil
}

func checkHorizon(horizon int) error {
	if horizon < 1 || horizon > maxForecast {
		return badRequest(CodeInvalidInput, "The horizon is 1 to %d months.", maxForecast).With("field", "horizon")
	}
	return nil
}

// predict makes the forecast of in, with the monthly amounts of another contract
// if there are any. It touches the database for peers only.
func (s *PaymentsService) predict(in *forecastInputs, horizon int, model *learnedModel, backtest bool, contract ...float64) (*EarningsForecast, error) {
	whole, left, err := s.base(in, horizon, backtest)
	if err != nil {
		return nil, err
	}
	promised := inMonths(in.Items, in.At, horizon).WithContract(contract)
	combined, parts, err := model.of(whole).Combine(left, promised)
	if err != nil {
		return nil, err
	}
	earned := float64(in.Earned)
	combined, err = combined.WithKnown(earned)
	if err != nil {
		return nil, err
	}
	answer := &EarningsForecast{
		Perspective: in.View, Currency: in.Currency, Timezone: in.At.Location().String(), History: in.History, Earned: in.Earned,
		Method: combined.Method, Model: model.Note, Backtest: combined.Backtest, Pipeline: summarize(in),
		Confidence: confidenceOf(in, whole.Method),
	}
	first := firstOfMonth(in.At)
	for k := range horizon {
		month := ForecastMonth{
			Month: monthOf(first.AddDate(0, k, 0)), Mean: minor(combined.Mean[k]),
			Lower80: minor(combined.Lower80[k]), Upper80: minor(combined.Upper80[k]),
			Lower95: minor(combined.Lower95[k]), Upper95: minor(combined.Upper95[k]),
		}
		if k > 0 {
			earned = 0
		}
		month.Parts = partsOf(whole, parts, k, earned, len(in.History), month.Mean)
		answer.Months = append(answer.Months, month)
		answer.Total += month.Mean
		answer.Parts.add(month.Parts)
	}
	// Rounding month by month may move the total by some units past a bound.
	answer.Total80 = [2]int64{min(answer.Total, minor(combined.Total80.Lower)), max(answer.Total, minor(combined.Total80.Upper))}
	answer.Total95 = [2]int64{min(answer.Total80[0], minor(combined.Total95.Lower)), max(answer.Total80[1], minor(combined.Total95.Upper))}
	return answer, nil
}

func confidenceOf(in *forecastInputs, method string) Confidence {
	c := Confidence{Months: len(in.History)}
	switch {
	case c.Months >= 24:
		c.Level = confidenceFull
	case c.Months >= 12:
		c.Level = confidenceFair
	case c.Months >= shortHistory:
		c.Level = confidenceEarly
	case len(in.Items) > 0:
		c.Level = confidencePipeline
	case method == forecast.MethodPeers:
		c.Level = confidencePeers
	case method == forecast.MethodEarly:
		c.Level = confidenceEarly
	default:
		c.Level = confidenceNone
	}
	return c
}

// Bucket is one part of the pipeline.
type Bucket struct {
	Count int `json:"count"`
	// Amount is what it would bring in full, Expected what it brings by its chances.
	Amount   int64 `json:"amount"`
	Expected int64 `json:"expected"`
}

func (b *Bucket) add(item PipelineItem) {
	b.Count++
	b.Amount += item.Amount
	b.Expected += item.Expected
}

// PipelineSummary is what contracts and proposals promise, of whatever month.
type PipelineSummary struct {
	Committed   Bucket `json:"committed"`
	Probable    Bucket `json:"probable"`
	Speculative Bucket `json:"speculative"`
	// Overdue is what of the first two should have come before this month.
	Overdue Bucket `json:"overdue"`
	// Rate is the chance of a proposal (for a client: of hiring) to reckon with;
	// it comes from Won of Decided.
	Rate    float64 `json:"rate"`
	Won     int     `json:"won"`
	Decided int     `json:"decided"`
	// Items are the first of them, by month; Left counts the others.
	Items []PipelineItem `json:"items"`
	Left  int            `json:"left"`
}

// shownItems bounds the items of an answer.
const shownItems = 100

func summarize(in *forecastInputs) PipelineSummary {
	p := PipelineSummary{Rate: in.Rhythm.Rate, Won: in.Rhythm.Won, Decided: in.Rhythm.Decided, Items: []PipelineItem{}}
	for _, item := range in.Items {
		switch item.Bucket {
		case bucketCommitted:
			p.Committed.add(item)
		case bucketProbable:
			p.Probable.add(item)
		case bucketSpeculative:
			p.Speculative.add(item)
		}
		if item.Overdue {
			p.Overdue.add(item)
		}
	}
	p.Items = append(p.Items, in.Items[:min(len(in.Items), shownItems)]...)
	p.Left = len(in.Items) - len(p.Items)
	return p
}

// PipelineAnswer is the pipeline of a person in one currency at one moment.
type PipelineAnswer struct {
	Perspective Perspective `json:"perspective"`
	Currency    string      `json:"currency"`
	Timezone    string      `json:"timezone"`
	At          time.Time   `json:"at"`
	PipelineSummary
}

// Pipeline lists what contracts and proposals promised as it was known at the
// beginning of a day (YYYY-MM-DD, in the person's time zone), or now for "".
func (s *PaymentsService) Pipeline(user string, view Perspective, currency, day string) (*PipelineAnswer, error) {
	zone, err := s.zoneOf(user)
	if err != nil {
		return nil, err
	}
	at := s.Clock.Now().In(zone)
	if day != "" {
		asked, err := time.ParseInLocation(dayLayout, day, zone)
		if err != nil || asked.After(at) {
			return nil, badRequest(CodeInvalidInput, "A day is written YYYY-MM-DD and is not in the future; %q is not one.", day).With("field", "at")
		}
		at = asked
	}
	pipeline, err := s.pipelineAt(user, view, at)
	if err != nil {
		return nil, err
	}
	if currency == "" {
		if currency, err = s.mainCurrency(user, view, pipeline); err != nil {
			return nil, err
		}
	}
	in := &forecastInputs{At: at, Items: pipeline.items[currency], Rhythm: pipeline.rhythm}
	inMonths(in.Items, at, maxForecast)
	return &PipelineAnswer{view, currency, zone.String(), at.UTC(), summarize(in)}, nil
}
