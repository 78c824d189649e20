package services

import "github.com/lancershub/lancershub/collections"

// currencies are the ISO-4217 codes accepted, with their number of decimals
// (ISO 4217 Amendment 176).
var currencies = map[string]int{
	"AED": 2, "ARS": 2, "AUD": 2, "BDT": 2, "BGN": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0,
	"CNY": 2, "COP": 2, "CZK": 2, "DKK": 2, "EGP": 2, "EUR": 2, "GBP": 2, "GHS": 2, "HKD": 2, "HUF": 2,
	"IDR": 2, "ILS": 2, "INR": 2, "ISK": 0, "JOD": 3, "JPY": 0, "KES": 2, "KRW": 0, "KWD": 3, "KZT": 2,
	"LKR": 2, "MAD": 2, "MXN": 2, "MYR": 2, "NGN": 2, "NOK": 2, "NZD": 2, "OMR": 3, "PEN": 2, "PHP": 2,
	"PKR": 2, "PLN": 2, "QAR": 2, "RON": 2, "RSD": 2, "SAR": 2, "SEK": 2, "SGD": 2, "THB": 2, "TND": 3,
	"TRY": 2, "TWD": 2, "UAH": 2, "UGX": 0, "USD": 2, "UYU": 2, "VND": 0, "XOF": 0, "ZAR": 2,
}

// CheckCurrency refuses codes that are not an accepted ISO-4217 currency.
func CheckCurrency(code string) error {
	if _, ok := currencies[code]; !ok {
		return badRequest(CodeUnknownCurrency, "%q is not a currency this marketplace knows; use an ISO-4217 code such as USD or EUR.", code)
	}
	return nil
}

// amountIn returns the amount, in minor units, that an operator set for a currency.
// Where set has none it is usual, which is meant for currencies with two decimals
// (1000 is 10.00 EUR): with three it is ten times as many minor units (10.000 KWD),
// and without decimals the same number, because their unit is worth little (1000 JPY).
func amountIn(currency string, set map[string]int64, usual int64) int64 {
	if amount, ok := set[currency]; ok {
		return amount
	}
	switch currencies[currency] {
	case 0, 2:
		return usual
	default:
		return 10 * usual
	}
}

// CheckAmount refuses what is not in 1..MaxAmount minor units.
func CheckAmount(amount int64) error {
	if amount < 1 || amount > collections.MaxAmount {
		return badRequest(CodeAmountOutOfRange, "The amount must be a whole number of minor units from 1 to %d.", int64(collections.MaxAmount))
	}
	return nil
}
