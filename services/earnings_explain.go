package services

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Reason is one part of an explanation: a kind that an app can put into its own
// words, the figures that belong to it, and an English sentence.
type Reason struct {
	Kind string `json:"kind"`
	// Amount is in minor units.
	Amount int64   `json:"amount,omitempty"`
	Share  float64 `json:"share,omitempty"`
	Count  int     `json:"count,omitempty"`
	// ID and Title name a person or an item.
	ID    string `json:"id,omitempty"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text"`
}

// The kinds of reasons: what drives the forecast, how wrong it was before, and
// what would change it.
const (
	reasonEarned      = "earned"
	reasonCommitted   = "committed"
	reasonProbable    = "probable"
	reasonSpeculative = "speculative"
	reasonHistory     = "history"
	reasonTrend       = "trend"
	reasonSeason      = "season"
	reasonPeers       = "peers"
	reasonNothing     = "nothing"
	reasonBacktest    = "backtest"
	reasonRecord      = "record"
	reasonNoRecord    = "no_record"
	reasonOverdue     = "overdue"
	reasonClient      = "client"
	reasonItem        = "item"
	reasonDownside    = "downside"
)

// explain writes the sentence and the reasons.
func (f *EarningsForecast) explain(in *forecastInputs) {
	f.Why = []Reason{}
	f.Sentence = f.sentence()
	f.explainDrivers(in)
	f.explainErrors()
	f.explainChanges(in)
}

// sentence is the forecast as one would say it.
func (f *EarningsForecast) sentence() string {
	span := "This month"
	if n := len(f.Months); n > 1 {
		span = fmt.Sprintf("This month and the next %d", n-1)
	}
	if f.Confidence.Level == confidenceNone {
		return span + ": nothing to go by yet."
	}
	return fmt.Sprintf("%s: about %s %s (likely %s to %s).", span,
		about(f.Total, f.Currency), f.Currency, about(f.Total80[0], f.Currency), about(f.Total80[1], f.Currency))
}

// explainDrivers says what the total is made of.
func (f *EarningsForecast) explainDrivers(in *forecastInputs) {
	say := func(kind string, amount int64, format string) {
		if amount != 0 {
			f.Why = append(f.Why, Reason{Kind: kind, Amount: amount, Text: fmt.Sprintf(format, about(amount, f.Currency)+" "+f.Currency)})
		}
	}
	income := f.Perspective == PerspectiveIncome
	p := &f.Parts
	if f.Confidence.Level == confidenceNone {
		f.Why = append(f.Why, Reason{Kind: reasonNothing, Text: "There is no past month, no contract and no open proposal to predict from."})
		return
	}
	say(reasonEarned, p.Earned, pick(income, "%s of it is earned already.", "%s of it is spent already."))
	say(reasonCommitted, p.Committed, "%s is held for work under way or approved.")
	say(reasonProbable, p.Probable+p.Late+p.Overdue, "%s comes from planned milestones, and from what is late.")
	if p.Speculative != 0 {
		f.Why = append(f.Why, Reason{
			Kind: reasonSpeculative, Amount: p.Speculative, Share: in.Rhythm.Rate, Count: in.Rhythm.Decided,
			Text: fmt.Sprintf("%s %s comes from open proposals, of which about %.0f %% are accepted.", about(p.Speculative, f.Currency), f.Currency, 100*in.Rhythm.Rate),
		})
	}
	if f.Confidence.Level == confidencePeers {
		say(reasonPeers, p.history(), "%s is what others have in their first months: your own history is too short.")
		return
	}
	say(reasonHistory, p.history(), "%s is work that no contract names yet, judged by the months before.")
	if whole := math.Abs(float64(p.history())); whole > 0 {
		if math.Abs(float64(p.Trend)) > worthSaying*whole {
			say(reasonTrend, p.Trend, pick(p.Trend > 0, "%s of that is growth.", "A decline takes %s of that."))
		}
		if math.Abs(float64(p.Season)) > worthSaying*whole {
			say(reasonSeason, p.Season, pick(p.Season > 0, "%s of that is the time of the year.", "The time of the year takes %s of that."))
		}
	}
}

// worthSaying is the share of the history's part from which a trend or season is mentioned.
const worthSaying = 0.05

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// explainErrors says how wrong it was before.
func (f *EarningsForecast) explainErrors() {
	if b := f.Backtest; b.Months > 0 {
		off := minor(b.Own.MASE * b.Unit)
		reason := Reason{Kind: reasonBacktest, Amount: off, Count: b.Months}
		if b.Naive.MASE > 0 {
			reason.Share = b.Own.MASE / b.Naive.MASE
		}
		reason.Text = fmt.Sprintf("Tried on %d of your past months, the history alone was off by %s %s a month on average; repeating the last month would have been off by %s.",
			b.Months, about(off, f.Currency), f.Currency, about(minor(b.Naive.MASE*b.Unit), f.Currency))
		f.Why = append(f.Why, reason)
	}
	switch r := f.Record; {
	case r.Months >= recordEnough:
		f.Why = append(f.Why, Reason{
			Kind: reasonRecord, Amount: r.MeanError, Share: r.Hit80, Count: r.Months,
			Text: fmt.Sprintf("Of %d predicted months that are over, %.0f %% landed in the likely range; the error was %s %s on average.",
				r.Months, 100*r.Hit80, about(r.MeanError, f.Currency), f.Currency),
		})
	case f.Confidence.Level != confidenceNone:
		f.Why = append(f.Why, Reason{Kind: reasonNoRecord, Count: r.Months, Text: "In 8 of 10 cases it lands in the likely range; your own record shows once six predicted months are over."})
	}
}

// explainChanges says what would change it.
func (f *EarningsForecast) explainChanges(in *forecastInputs) {
	if f.Confidence.Level == confidenceNone {
		return
	}
	if o := f.Pipeline.Overdue; o.Count > 0 {
		f.Why = append(f.Why, Reason{
			Kind: reasonOverdue, Amount: o.Amount, Count: o.Count,
			Text: fmt.Sprintf("%d overdue: %s %s. It counts for less the longer it waits; ask about it.", o.Count, about(o.Amount, f.Currency), f.Currency),
		})
	}
	var year int64
	for _, month := range in.History[max(0, len(in.History)-12):] {
		year += month.Amount
	}
	if len(in.Clients) > 0 && year > 0 {
		top := in.Clients[0]
		share := min(1, float64(top.Amount)/float64(year))
		name := top.Title
		if name == "" {
			name = "One person"
		}
		f.Why = append(f.Why, Reason{
			Kind: reasonClient, Amount: top.Amount, Share: share, ID: top.ID, Title: top.Title,
			Text: fmt.Sprintf("%s stands for %.0f %% of the last year: without them it would be lower.", name, 100*share),
		})
	}
	if item := largest(in.Items); item != nil {
		f.Why = append(f.Why, Reason{
			Kind: reasonItem, Amount: item.Amount, ID: item.Item, Title: item.Title,
			Text: fmt.Sprintf("The largest single item is %q with %s %s, expected in %s: if it comes later, so does the money.",
				item.Title, about(item.Amount, f.Currency), f.Currency, item.Month),
		})
	}
	f.Why = append(f.Why, Reason{
		Kind: reasonDownside, Amount: f.Total80[0],
		Text: fmt.Sprintf("For decisions, reckon with %s %s: nine times in ten it is at least that.", about(f.Total80[0], f.Currency), f.Currency),
	})
	if f.Perspective == PerspectiveSpend { // a client's bad case is the high end
		last := &f.Why[len(f.Why)-1]
		last.Amount = f.Total80[1]
		last.Text = fmt.Sprintf("For decisions, reckon with %s %s: nine times in ten it is at most that.", about(f.Total80[1], f.Currency), f.Currency)
	}
}

// largest is the item with the most money that is not speculative.
func largest(items []PipelineItem) *PipelineItem {
	var best *PipelineItem
	for i := range items {
		if items[i].Bucket != bucketSpeculative && (best == nil || items[i].Amount > best.Amount) {
			best = &items[i]
		}
	}
	return best
}

// about writes an amount as people say it: whole units, two significant digits.
func about(amount int64, currency string) string {
	units := math.Abs(float64(amount)) / math.Pow10(currencies[currency])
	if digits := math.Floor(math.Log10(units)); units >= 100 {
		step := math.Pow(10, digits-1)
		units = math.Round(units/step) * step
	} else {
		units = math.Round(max(units, 0))
	}
	text := strconv.FormatFloat(units, 'f', 0, 64)
	var grouped strings.Builder
	for i, digit := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			grouped.WriteByte(',')
		}
		grouped.WriteRune(digit)
	}
	if amount < 0 && units != 0 {
		return "-" + grouped.String()
	}
	return grouped.String()
}

func whatIfSentence(a *WhatIfAnswer) string {
	f := a.After
	if a.Difference == 0 {
		return fmt.Sprintf("It would stay at about %s %s.", about(f.Total, f.Currency), f.Currency)
	}
	return fmt.Sprintf("It would be about %s instead of %s %s: %s %s.", about(f.Total, f.Currency), about(a.Before.Total, f.Currency), f.Currency,
		about(max(a.Difference, -a.Difference), f.Currency), pick(a.Difference > 0, "more", "less"))
}

// recordEnough is how many predicted months must be over before one's own record is shown.
const recordEnough = 6
