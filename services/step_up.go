package services

import "time"

// FreshSignIn is how recent a sign-in must be to change where money goes, to pay
// out a lot of it, to close an account or to turn its second factor off: a stolen
// session is not enough (OWASP ASVS 5.0, 7.5.3).
const FreshSignIn = 15 * time.Minute

// Fresh tells whether somebody proved lately who they are.
func (i *Instance) Fresh(signedInAt time.Time) bool {
	return i.Clock.Now().Sub(signedInAt) <= FreshSignIn
}

// freshAbove is the largest amount in a currency, in minor units, that is released
// on any sign-in: what the operator set, else ten thousand of its main unit
// (1,000,000 where there are no minor units).
func (o Options) freshAbove(currency string) int64 {
	return amountIn(currency, o.FreshAbove, 1_000_000)
}

// mayRelease refuses to pay out more than a session that may be stolen should.
func (i *Instance) mayRelease(amount int64, currency string, signedInAt time.Time) error {
	limit := i.Options.freshAbove(currency)
	if amount <= limit || i.Fresh(signedInAt) {
		return nil
	}
	return forbidden(CodeSignInAgain, "Sign in again to pay out more than %s at once.", Money(limit, currency))
}
