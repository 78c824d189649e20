package services

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestSuspicious(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"write to jane.doe@example.com":               FlagContact,
		"jane (at) example dot com":                   FlagContact,
		"my number: +351 912 345 678":                 FlagContact,
		"call 0049-170-1234567":                       FlagContact,
		"let's move to WhatsApp":                      FlagContact,
		"let's move to W\u200bhat\u017fApp":           FlagContact,
		"\u212aripto is fine, or S\u212aYPE":          FlagContact,
		"J.DOE AT EXAMPLE.COM":                        FlagContact,
		"My e-mail is the usual one":                  FlagContact,
		"CALL ME AT NOON":                             FlagContact,
		"j\u200bane@exam\u200bple.com":                FlagContact,
		"can you pay me directly?":                    FlagPayment,
		"we could save the fees":                      FlagPayment,
		"PayPal is easier for me":                     FlagPayment,
		"my IBAN is DE89":                             FlagPayment,
		"the budget is 1 250 000 euros":               "",
		"due 2026-03-10, at 12:30":                    "",
		"see issue 12345678 at the office":            "",
		"I can start on Monday, at ten. Looks good.":  "",
		"from 2024 to 2026 I made 3 shops, 400 pages": "",
		"https://lancershub.example/projects/abc":     "",
	} {
		if got := Suspicious(text); got != want {
			t.Errorf("Expected %q for %q, got %q", want, text, got)
		}
	}
}

// TestWordsMissNothing puts texts together from what the patterns are about: none
// that a pattern matches may lack the words that are looked for first.
func TestWordsMissNothing(t *testing.T) {
	t.Parallel()
	parts := strings.Split("jane|doe|example|com|at|(at)|[at]|@|dot|(dot)|.|my|on|phone|number|email|e-mail|insta|instagram|is|call|text|me|whats|app|"+
		"telegram|signal|skype|discord|wechat|viber|t.me/|wa.me/|pay|pal|venmo|zelle|cash|revolut|western|money|union|gram|bit|coin|usdt|crypto|currency|"+
		"wise|transfer|iban|bank|wire|the|paid|payment|you|directly|outside|off|of|this|platform|avoid|save|without|skip|fee|fees|deal|-", "|")
	gaps := []string{"", " ", " ", " ", "\t", "\n", "-"}
	random, matched := rand.New(rand.NewPCG(1, 2)), 0
	for range 200_000 {
		var text strings.Builder
		for range 2 + random.IntN(6) {
			text.WriteString(parts[random.IntN(len(parts))] + gaps[random.IntN(len(gaps))])
		}
		for _, sign := range []sign{emailSign, contactSign, paymentSign} {
			if sign.pattern.MatchString(text.String()) {
				if matched++; !sign.may(text.String()) {
					t.Fatalf("Expected the words to let %q through to %v", text.String(), sign.pattern)
				}
			}
		}
	}
	if matched < 10_000 {
		t.Errorf("Expected many of the texts to match, got %d", matched)
	}
}
