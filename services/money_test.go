package services

import (
	"math"
	"testing"

	"github.com/lancershub/lancershub/collections"
)

func TestFee(t *testing.T) {
	t.Parallel()
	for _, scenario := range []struct{ points, amount, want int64 }{
		{1000, 123_457, 12_345},
		{1000, 9, 0},
		{0, 123_457, 0},
		{10_000, 123_457, 123_457},
		{333, 1, 0},
		{9_999, collections.MaxAmount, 999_900_000_000},
		{9_999, math.MaxInt64, 9222449699651090329}, // beyond 63 bits on the way
	} {
		if got := (FeePlan{BasisPoints: scenario.points}).Fee(scenario.amount); got != scenario.want {
			t.Errorf("Expected %d basis points of %d to be %d, got %d", scenario.points, scenario.amount, scenario.want, got)
		}
	}
}

// FuzzFeeOfParts: however a payment is cut up, the fees of its parts sum to the
// fee of the whole, none is negative and none exceeds its part.
func FuzzFeeOfParts(f *testing.F) {
	f.Add(int64(1000), int64(123_457), uint8(3))
	f.Add(int64(10_000), int64(1), uint8(1))
	f.Fuzz(func(t *testing.T, points, amount int64, cuts uint8) {
		if points < 0 || points > 10_000 || amount < 1 || amount > collections.MaxAmount || cuts == 0 {
			t.Skip("not a fee plan or an amount")
		}
		plan := FeePlan{BasisPoints: points}
		var released, fees int64
		for i := int64(1); i <= int64(cuts); i++ {
			part := amount*i/int64(cuts) - released
			fee := plan.FeeOfPart(released, part)
			if fee < 0 || fee > part {
				t.Fatalf("Expected a fee from 0 to %d, got %d", part, fee)
			}
			released, fees = released+part, fees+fee
		}
		if released != amount || fees != plan.Fee(amount) {
			t.Fatalf("Expected %d of %d in fees, got %d of %d", plan.Fee(amount), amount, fees, released)
		}
	})
}

func TestMoneyForPeople(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"1234.57 EUR": Money(123_457, "EUR"), "0.05 USD": Money(5, "USD"), "0.00 USD": Money(0, "USD"),
		"500 JPY": Money(500, "JPY"), "0.012 KWD": Money(12, "KWD"),
	} {
		if got != want {
			t.Errorf("Expected %s, got %s", want, got)
		}
	}
}
