package forecast

import (
	"fmt"
	"math"
	"slices"
)

// WithoutClient returns the history as it would be without one client, for the
// question "what if this client leaves": both slices are monthly, oldest first
// and end with the same month; months are not taken below zero. Predict on the
// result answers it.
func WithoutClient(all, client []float64) []float64 {
	out := slices.Clone(all)
	for i := range client {
		j := len(all) - 1 - i
		if j < 0 {
			break
		}
		v := out[j] - client[len(client)-1-i]
		if out[j] >= 0 {
			v = math.Max(v, 0)
		}
		out[j] = v
	}
	return out
}

// Delayed returns the pipeline with amount moved from one month ahead to another
// (0-based), taken from Committed first and from Probable after; no more is moved
// than is there. A target outside the pipeline's months extends it, up to
// MaxHorizon; a month outside 0..MaxHorizon-1 is ErrHorizon.
func (p Pipeline) Delayed(from, to int, amount float64) (Pipeline, error) {
	if from < 0 || to < 0 || from >= MaxHorizon || to >= MaxHorizon {
		return Pipeline{}, fmt.Errorf("%w: moved from month %d to %d", ErrHorizon, from, to)
	}
	if err := checkFinite([]float64{amount}); err != nil {
		return Pipeline{}, err
	}
	p.Committed, amount = moved(p.Committed, from, to, amount)
	p.Probable, _ = moved(p.Probable, from, to, amount)
	return p, nil
}

// moved returns a copy with up to amount moved, and what was not found.
func moved(v []float64, from, to int, amount float64) ([]float64, float64) {
	take := math.Min(amount, month(v, from))
	if take <= 0 {
		return slices.Clone(v), amount
	}
	out := make([]float64, max(len(v), to+1))
	copy(out, v)
	out[from] -= take
	out[to] += take
	return out, amount - take
}

// WithContract returns the pipeline with another contract's monthly amounts as
// probable income.
func (p Pipeline) WithContract(amounts []float64) Pipeline {
	out := make([]float64, max(len(p.Probable), len(amounts)))
	copy(out, p.Probable)
	for k, v := range amounts {
		out[k] += v
	}
	p.Probable = out
	return p
}

// WithEarned returns the forecast as seen within its first month, when `earned`
// is already paid and the share `elapsed` (0 to 1) of the month is over: what is
// earned is known, the rest of the month is predicted. Payments are taken to be
// spread evenly, so that the uncertainty shrinks with the root of the time left.
// ErrNotFinite is returned for a NaN or an infinite argument.
func (f Forecast) WithEarned(earned, elapsed float64) (Forecast, error) {
	if err := checkFinite([]float64{earned, elapsed}); err != nil {
		return Forecast{}, err
	}
	if len(f.Mean) == 0 {
		return f, nil
	}
	left := 1 - clamp(elapsed, 0, 1)
	mean := f.Mean[0]
	now := limit(earned + left*mean)
	bound := func(b float64) float64 {
		v := limit(now + math.Sqrt(left)*(b-mean))
		if f.Lower95[0] >= 0 {
			v = math.Max(v, earned) // what is paid stays paid
		}
		return v
	}
	out := f
	for _, s := range []*[]float64{&out.Mean, &out.Lower80, &out.Upper80, &out.Lower95, &out.Upper95} {
		*s = slices.Clone(*s)
	}
	out.Mean[0] = now
	out.Lower80[0], out.Upper80[0] = bound(f.Lower80[0]), bound(f.Upper80[0])
	out.Lower95[0], out.Upper95[0] = bound(f.Lower95[0]), bound(f.Upper95[0])
	shift := func(v float64) float64 {
		v = limit(v + now - mean)
		if f.Lower95[0] >= 0 {
			v = math.Max(v, earned)
		}
		return v
	}
	out.Total = shift(f.Total)
	out.Total80 = Interval{shift(f.Total80.Lower), shift(f.Total80.Upper)}
	out.Total95 = Interval{shift(f.Total95.Lower), shift(f.Total95.Upper)}
	out.Components.Pooled = slices.Clone(f.Components.Pooled)
	out.Components.Pooled[0] = limit(out.Components.Pooled[0] + now - mean)
	return out, nil
}

// WithKnown returns the forecast with an amount added to its first month and to its
// totals that is no prediction: what is earned already. ErrNotFinite is returned
// for a NaN or an infinite amount.
func (f Forecast) WithKnown(amount float64) (Forecast, error) {
	if err := checkFinite([]float64{amount}); err != nil {
		return Forecast{}, err
	}
	if len(f.Mean) == 0 {
		return f, nil
	}
	out := f
	for _, s := range []*[]float64{&out.Mean, &out.Lower80, &out.Upper80, &out.Lower95, &out.Upper95} {
		*s = slices.Clone(*s)
		(*s)[0] = limit((*s)[0] + amount)
	}
	out.Total = limit(f.Total + amount)
	out.Total80 = Interval{limit(f.Total80.Lower + amount), limit(f.Total80.Upper + amount)}
	out.Total95 = Interval{limit(f.Total95.Lower + amount), limit(f.Total95.Upper + amount)}
	return out, nil
}
