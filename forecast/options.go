package forecast

import (
	"fmt"
	"time"
)

// Option adjusts one call of Predict.
type Option func(*options) error

type options struct {
	pool       [][]float64
	lastMonth  time.Month // 0 when unknown
	noBacktest bool
	tables     *Tables
}

// WithPool passes the monthly histories of similar freelancers, oldest first and
// in the currency of the series. They are used while the own history is shorter
// than three months. ErrNotFinite is returned for a NaN or an infinite amount.
func WithPool(histories [][]float64) Option {
	return func(o *options) error {
		for i, h := range histories {
			if err := checkFinite(h); err != nil {
				return fmt.Errorf("pool history %d: %w", i, err)
			}
		}
		o.pool = histories
		return nil
	}
}

// WithLastMonth tells which calendar month the last element of the series is, so
// that Components.SeasonByMonth can name the months. The forecast itself needs no
// calendar: the regressions find a season at any phase.
// It returns ErrMonth outside January..December.
func WithLastMonth(m time.Month) Option {
	return func(o *options) error {
		if m < time.January || m > time.December {
			return fmt.Errorf("%w: got %d", ErrMonth, int(m))
		}
		o.lastMonth = m
		return nil
	}
}

// WithoutBacktest leaves Forecast.Backtest empty, for answers while somebody
// is typing (what-if) and for callers that keep their own scores.
func WithoutBacktest() Option {
	return func(o *options) error {
		o.noBacktest = true
		return nil
	}
}

// WithTables replaces the embedded tables, for an operator who learns from the
// histories of the own marketplace (see Learn and ReadTables).
func WithTables(t *Tables) Option {
	return func(o *options) error {
		o.tables = t
		return nil
	}
}

func readOptions(opts []Option) (options, error) {
	var o options
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return options{}, err
		}
	}
	if o.tables == nil {
		o.tables = defaultTables()
	}
	return o, nil
}
