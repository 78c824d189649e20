package services

import "testing"

func TestSuspicious(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"write to jane.doe@example.com":               FlagContact,
		"jane (at) example dot com":                   FlagContact,
		"my number: +351 912 345 678":                 FlagContact,
		"call 0049-170-1234567":                       FlagContact,
		"let's move to WhatsApp":                      FlagContact,
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
