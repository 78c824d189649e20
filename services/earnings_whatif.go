package services

import (
	"slices"
	"time"

	"github.com/lancershub/lancershub/forecast"
)

// Change is one thing that may happen to somebody's money.
type Change struct {
	// Kind is drop_client, delay or add_contract.
	Kind string `json:"kind"`
	// Client is the counterpart who leaves.
	Client string `json:"client,omitempty"`
	// Item of the pipeline comes Months later.
	Item   string `json:"item,omitempty"`
	Months int    `json:"months,omitempty"`
	// Amounts are what another contract brings, month by month from the running one,
	// in minor units.
	Amounts []int64 `json:"amounts,omitempty"`
}

// The kinds of changes.
const (
	ChangeDropClient  = "drop_client"
	ChangeDelay       = "delay"
	ChangeAddContract = "add_contract"
)

// WhatIfRequest asks for the forecast under changes.
type WhatIfRequest struct {
	View     Perspective `json:"view"`
	Currency string      `json:"currency"`
	Horizon  int         `json:"horizon"`
	Changes  []Change    `json:"changes"`
}

// maxChanges bounds the changes of one question.
const maxChanges = 20

// WhatIfAnswer compares the forecast with that under the changes.
type WhatIfAnswer struct {
	Before *EarningsForecast `json:"before"`
	After  *EarningsForecast `json:"after"`
	// Difference is after minus before: of the total, and month by month.
	Difference       int64   `json:"difference"`
	MonthDifferences []int64 `json:"monthDifferences"`
	Sentence         string  `json:"sentence"`
}

// WhatIf answers at once and stores nothing.
func (s *PaymentsService) WhatIf(user string, ask WhatIfRequest) (*WhatIfAnswer, error) {
	if err := checkHorizon(ask.Horizon); err != nil {
		return nil, err
	}
	if ask.Currency != "" {
		if err := CheckCurrency(ask.Currency); err != nil {
			return nil, err
		}
	}
	if len(ask.Changes) == 0 || len(ask.Changes) > maxChanges {
		return nil, badRequest(CodeInvalidInput, "Ask with 1 to %d changes.", maxChanges).With("field", "changes")
	}
	in, err := s.forecastInputs(user, ask.View, ask.Currency)
	if err != nil {
		return nil, err
	}
	model, err := s.pipelineModel(ask.View)
	if err != nil {
		return nil, err
	}
	before, err := s.predict(in, ask.Horizon, model, false)
	if err != nil {
		return nil, err
	}
	changed := *in
	changed.Items = slices.Clone(in.Items)
	var added []float64
	for _, change := range ask.Changes {
		switch change.Kind {
		case ChangeDropClient:
			err = s.dropClient(&changed, user, change)
		case ChangeDelay:
			err = delay(&changed, change)
		case ChangeAddContract:
			added, err = addContract(added, change)
		default:
			err = badRequest(CodeInvalidInput, "A change is %q, %q or %q.", ChangeDropClient, ChangeDelay, ChangeAddContract).With("field", "kind")
		}
		if err != nil {
			return nil, err
		}
	}
	after, err := s.predict(&changed, ask.Horizon, model, false, added...)
	if err != nil {
		return nil, err
	}
	before.explain(in)
	after.explain(&changed)
	answer := &WhatIfAnswer{Before: before, After: after, Difference: after.Total - before.Total}
	for k := range before.Months {
		answer.MonthDifferences = append(answer.MonthDifferences, after.Months[k].Mean-before.Months[k].Mean)
	}
	answer.Sentence = whatIfSentence(answer)
	return answer, nil
}

// dropClient takes a counterpart out of the history and of the pipeline.
func (s *PaymentsService) dropClient(in *forecastInputs, user string, change Change) error {
	rows, err := s.bookMonths(user, in.View, in.Currency, change.Client, "", monthOf(in.At))
	if err != nil {
		return err
	}
	theirs := func(item PipelineItem) bool { return item.Counterpart == change.Client }
	if change.Client == "" || (len(rows) == 0 && !slices.ContainsFunc(in.Items, theirs)) {
		return badRequest(CodeInvalidInput, "There is nobody like that you have worked with in %s.", in.Currency).With("field", "client")
	}
	in.Items = slices.DeleteFunc(in.Items, theirs)
	if len(in.History) == 0 {
		return nil
	}
	months := make([]string, len(in.History))
	for i, month := range in.History {
		months[i] = month.Month
	}
	client := &forecastInputs{History: fillMonths(months, rows)}
	in.History = slices.Clone(in.History)
	for i, v := range forecast.WithoutClient(in.amounts(), client.amounts()) {
		in.History[i].Amount = minor(v)
	}
	return nil
}

// delay moves an item of the pipeline: an overdue one from this month on.
func delay(in *forecastInputs, change Change) error {
	if change.Months < 1 || change.Months > maxForecast {
		return badRequest(CodeInvalidInput, "A payment can be delayed by 1 to %d months.", maxForecast).With("field", "months")
	}
	for i := range in.Items {
		item := &in.Items[i]
		if item.Item != change.Item {
			continue
		}
		due := item.due.In(in.At.Location())
		if first := firstOfMonth(in.At); due.Before(first) {
			due = in.At
		}
		// The middle of the month: the 31st plus a month would be another month still.
		item.due = time.Date(due.Year(), due.Month()+time.Month(change.Months), 15, 12, 0, 0, 0, in.At.Location())
		return nil
	}
	return badRequest(CodeInvalidInput, "There is no such item in your pipeline.").With("field", "item")
}

func addContract(added []float64, change Change) ([]float64, error) {
	if len(change.Amounts) == 0 || len(change.Amounts) > maxForecast {
		return nil, badRequest(CodeInvalidInput, "A contract brings 1 to %d monthly amounts.", maxForecast).With("field", "amounts")
	}
	for k, amount := range change.Amounts {
		if amount != 0 {
			if err := CheckAmount(amount); err != nil {
				return nil, err
			}
		}
		if k == len(added) {
			added = append(added, 0)
		}
		added[k] += float64(amount)
	}
	return added, nil
}
