package main

import (
	"math"
	"math/rand/v2"

	"github.com/lancershub/lancershub/forecast"
)

// The simulator makes freelancers whose contracts are known, which no public
// series has. It shows the order of the ways to use a pipeline, not their sizes.
const (
	simMonths   = 54 // the first 24 are history at the first origin
	simFirst    = 24
	simHorizon  = 6
	simLearners = 300 // freelancers that teach; as many others are scored
	simOrigins  = 4
)

// payment is one instalment of a simulated contract.
type payment struct {
	known  int // month in which the contract is signed
	due    int
	paid   int // -1 when cancelled
	amount float64
	funded bool // in escrow from the start
}

// freelancer is a simulated one: instalments and the small jobs without a
// contract, by month.
type freelancer struct {
	payments []payment
	small    [simMonths + simHorizon]float64
}

// newFreelancer draws a Poisson stream of contracts with a yearly rhythm and a
// slow trend; an instalment is late by one month in 20 % of cases, by two in 7 %,
// and lost in 6 %.
func newFreelancer(r *rand.Rand) freelancer {
	var f freelancer
	size := math.Exp(7 + 0.6*r.NormFloat64())
	rate := 0.25 + 0.7*r.Float64()
	growth := 0.008 * r.NormFloat64()
	for t := -12; t < simMonths+simHorizon; t++ {
		season := 1 + 0.3*math.Sin(2*math.Pi*float64(t)/12)
		for range poisson(r, rate*season*math.Exp(growth*float64(t))) {
			months := 1 + r.IntN(8)
			amount := size * math.Exp(0.5*r.NormFloat64())
			funded := r.Float64() < 0.6
			for m := range months {
				due := t + 1 + m
				p := payment{known: t, due: due, paid: due, amount: amount, funded: funded}
				switch u := r.Float64(); {
				case u < 0.06:
					p.paid = -1
				case u < 0.13:
					p.paid = due + 2
				case u < 0.33:
					p.paid = due + 1
				}
				f.payments = append(f.payments, p)
			}
		}
		if t >= 0 && r.Float64() < 0.5 {
			f.small[t] = 0.3 * size * r.Float64()
		}
	}
	return f
}

func poisson(r *rand.Rand, mean float64) int {
	n, p := 0, math.Exp(-mean)
	for u := r.Float64(); u > p; n++ {
		u *= r.Float64()
	}
	return n
}

// earned returns the months [from, to).
func (f freelancer) earned(from, to int) []float64 {
	out := make([]float64, to-from)
	copy(out, f.small[from:to])
	for _, p := range f.payments {
		if p.paid >= from && p.paid < to {
			out[p.paid-from] += p.amount
		}
	}
	return out
}

// pipeline is what is known at the start of month `now`.
func (f freelancer) pipeline(now int) forecast.Pipeline {
	p := forecast.Pipeline{Committed: make([]float64, simHorizon), Probable: make([]float64, simHorizon)}
	for _, x := range f.payments {
		switch k := x.due - now; {
		case x.known >= now || k >= simHorizon:
		case k >= 0 && x.funded:
			p.Committed[k] += x.amount
		case k >= 0:
			p.Probable[k] += x.amount
		case k >= -6 && (x.paid < 0 || x.paid >= now):
			p.Overdue += x.amount
		}
	}
	return p
}

// examples gives a freelancer's past dates.
func (f freelancer) examples() []forecast.PipelineExample {
	var out []forecast.PipelineExample
	for o := range simOrigins {
		now := simFirst + o*6
		y := f.earned(0, now)
		base := predict(y, simHorizon)
		var unit float64
		for _, v := range y {
			unit += v / float64(len(y))
		}
		if unit == 0 {
			continue
		}
		out = append(out, forecast.PipelineExample{Base: base, Pipeline: f.pipeline(now),
			Earned: f.earned(now, now+simHorizon), Unit: unit})
	}
	return out
}
