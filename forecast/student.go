package forecast

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"
)

// tTable is a distribution function of Student's t for one number of degrees of
// freedom, tabulated: a forecast asks for it tens of thousands of times. The
// argument is u = t/sqrt(df+t^2), which maps the line onto (-1, 1) and in which
// the function is smooth; linear interpolation is exact to about 1e-5.
type tTable struct {
	df  float64
	cdf []float64
}

const tCells = 1024

var tTables sync.Map // int -> *tTable

func studentTable(df int) *tTable {
	if t, ok := tTables.Load(df); ok {
		return t.(*tTable)
	}
	t := &tTable{df: float64(df), cdf: make([]float64, tCells+2)}
	dist := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: t.df}
	for i := range tCells + 1 {
		u := 2*float64(i)/tCells - 1
		switch i {
		case 0:
			t.cdf[i] = 0
		case tCells:
			t.cdf[i] = 1
		default:
			t.cdf[i] = dist.CDF(u * math.Sqrt(t.df/(1-u*u)))
		}
	}
	t.cdf[tCells+1] = 1 // guard for an argument that rounds to 1
	actual, _ := tTables.LoadOrStore(df, t)
	return actual.(*tTable)
}

// at returns P(T <= x).
func (t *tTable) at(x float64) float64 {
	u := x / math.Sqrt(t.df+x*x)
	if math.IsNaN(u) { // x is infinite
		if x > 0 {
			return 1
		}
		return 0
	}
	p := (u + 1) / 2 * tCells
	i := int(p)
	return t.cdf[i] + (p-float64(i))*(t.cdf[i+1]-t.cdf[i])
}
