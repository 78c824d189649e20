package services

import (
	"math"
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
}

// EarningsForecast predicts the months after the last complete one.
type EarningsForecast struct {
	Perspective Perspective     `json:"perspective"`
	Currency    string          `json:"currency"`
	History     []Month         `json:"history"`
	Months      []ForecastMonth `json:"months"`
	// Total is the sum over the months; its ranges come from joint paths, because
	// adding monthly bounds would claim far too wide a range.
	Total    int64             `json:"total"`
	Total80  [2]int64          `json:"total80"`
	Total95  [2]int64          `json:"total95"`
	Method   string            `json:"method"`
	Backtest forecast.Backtest `json:"backtest"`
}

// Forecast predicts the next horizon months in currency ("" for the one with the
// largest total). The current month is not over, so it is not part of the history.
func (s *PaymentsService) Forecast(user string, view Perspective, currency string, horizon int) (*EarningsForecast, error) {
	if horizon < 1 || horizon > 12 {
		return nil, badRequest(CodeInvalidInput, "The horizon is 1 to 12 months.")
	}
	zone, err := s.zoneOf(user)
	if err != nil {
		return nil, err
	}
	current := s.Clock.Now().In(zone)
	all, err := s.Monthly(user, view, "", monthOf(current.AddDate(0, 0, -current.Day())))
	if err != nil {
		return nil, err
	}
	answer := &EarningsForecast{Perspective: view, Currency: currency, History: []Month{}}
	largest := int64(-1)
	for _, series := range all.Series {
		var total int64
		for _, month := range series.Months {
			total += month.Amount
		}
		if series.Currency == currency || (currency == "" && total > largest) {
			largest, answer.Currency, answer.History = total, series.Currency, series.Months
		}
	}
	y := make([]float64, len(answer.History))
	for i, month := range answer.History {
		y[i] = float64(month.Amount)
	}
	predicted, err := forecast.Predict(y, horizon, forecast.WithLastMonth(current.AddDate(0, 0, -current.Day()).Month()))
	if err != nil {
		return nil, err
	}
	answer.Method, answer.Backtest = predicted.Method, predicted.Backtest
	answer.Total = minor(predicted.Total)
	answer.Total80 = [2]int64{minor(predicted.Total80.Lower), minor(predicted.Total80.Upper)}
	answer.Total95 = [2]int64{minor(predicted.Total95.Lower), minor(predicted.Total95.Upper)}
	first := time.Date(current.Year(), current.Month(), 1, 0, 0, 0, 0, zone)
	for h := range horizon {
		answer.Months = append(answer.Months, ForecastMonth{
			Month: monthOf(first.AddDate(0, h, 0)), Mean: minor(predicted.Mean[h]),
			Lower80: minor(predicted.Lower80[h]), Upper80: minor(predicted.Upper80[h]),
			Lower95: minor(predicted.Lower95[h]), Upper95: minor(predicted.Upper95[h]),
		})
	}
	return answer, nil
}

// minor rounds a predicted amount to whole minor units, which keeps the order of bounds.
func minor(amount float64) int64 { return int64(math.Round(amount)) }
