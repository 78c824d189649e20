package demo

// company is a client: its name, what it is in words that fit after "for", and
// where it is. All are invented.
type company struct{ name, business, country, zone, currency string }

// companies are the clients. The first one belongs to the demo account.
var companies = []company{
	{"Harbour Lane Studio", "a ceramics studio", "IE", "Europe/Dublin", "EUR"},
	{"Copper Fern Bakery", "a bakery with four shops", "DE", "Europe/Berlin", "EUR"},
	{"Saltmarsh Outdoor", "an outdoor clothing brand", "US", "America/New_York", "USD"},
	{"Tidewater Cycles", "a bicycle workshop", "NL", "Europe/Amsterdam", "EUR"},
	{"Lantern Row Press", "a small publishing house", "US", "America/Chicago", "USD"},
	{"Bramble Court Vets", "a veterinary clinic", "GB", "Europe/London", "GBP"},
	{"Juniper & Slate Interiors", "an interior design office", "BE", "Europe/Brussels", "EUR"},
	{"Ember Valley Coffee", "a coffee roaster", "US", "America/Los_Angeles", "USD"},
	{"Quiet Orchard Cider", "a cider maker", "FR", "Europe/Paris", "EUR"},
	{"Northlight Physio", "a physiotherapy practice", "AT", "Europe/Vienna", "EUR"},
	{"Seven Acres Seeds", "a seed supplier", "US", "America/Denver", "USD"},
	{"Paper Kite Kindergarten", "a group of kindergartens", "PT", "Europe/Lisbon", "EUR"},
	{"Gravel & Gold Jewellery", "a jewellery workshop", "ES", "Europe/Madrid", "EUR"},
	{"Foxglove Events", "an event agency", "CH", "Europe/Zurich", "CHF"},
	{"Blue Ladder Parcels", "a parcel carrier", "PL", "Europe/Warsaw", "EUR"},
	{"Cobalt Anvil Fitness", "a chain of gyms", "US", "America/New_York", "USD"},
	{"Windfall Solar Co-op", "a solar cooperative", "DK", "Europe/Copenhagen", "EUR"},
	{"Driftglass Diving School", "a diving school", "GR", "Europe/Athens", "EUR"},
	{"Hazel Bridge Tutoring", "an online tutoring service", "CA", "America/Toronto", "USD"},
	{"Thimble & Thread Tailors", "a tailor's workshop", "IT", "Europe/Rome", "EUR"},
	{"Mossgate Property", "a property manager", "GB", "Europe/London", "GBP"},
	{"Marigold Home Care", "a home care service", "SE", "Europe/Stockholm", "SEK"},
	{"Kestrel Ridge Camping", "a group of campsites", "AU", "Australia/Sydney", "USD"},
	{"Plum Street Pharmacy", "a neighbourhood pharmacy", "FI", "Europe/Helsinki", "EUR"},
	{"Umbrella Pine Hotels", "a family of three hotels", "IT", "Europe/Rome", "EUR"},
	{"Cedar Loop Records", "a record label", "JP", "Asia/Tokyo", "JPY"},
	{"Granite Pier Ferries", "a ferry line", "NO", "Europe/Oslo", "EUR"},
}

// handle is a freelancer: a name of the kind people give themselves online, a
// trade, what an hour costs in euros, and where they are. All are invented.
type handle struct {
	name, trade   string
	hourly        float64
	country, zone string
	currency      string
}

// handles are the freelancers. The first one is the demo account.
var handles = []handle{
	{"north-quay-dev", "shop", 62, "PT", "Europe/Lisbon", "EUR"},
	{"paper-lantern-web", "web", 55, "DE", "Europe/Berlin", "EUR"},
	{"tin-rooster-code", "web", 48, "PL", "Europe/Warsaw", "EUR"},
	{"second-breakfast-labs", "web", 70, "US", "America/New_York", "USD"},
	{"mossy-kernel", "api", 78, "NL", "Europe/Amsterdam", "EUR"},
	{"quiet-socket", "api", 66, "EE", "Europe/Tallinn", "EUR"},
	{"brass-otter-systems", "api", 84, "US", "America/Chicago", "USD"},
	{"cartwheel-commerce", "shop", 58, "ES", "Europe/Madrid", "EUR"},
	{"ninth-basket", "shop", 45, "RO", "Europe/Bucharest", "EUR"},
	{"parcel-and-pixel", "shop", 64, "GB", "Europe/London", "GBP"},
	{"pocket-heron-apps", "mobile", 72, "SE", "Europe/Stockholm", "EUR"},
	{"thumbprint-mobile", "mobile", 60, "IN", "Asia/Kolkata", "USD"},
	{"swift-heron-nine", "mobile", 80, "CA", "America/Toronto", "USD"},
	{"grid-and-gravy", "ux", 63, "DK", "Europe/Copenhagen", "EUR"},
	{"soft-corner-design", "ux", 57, "FR", "Europe/Paris", "EUR"},
	{"tall-glass-ux", "ux", 75, "US", "America/Los_Angeles", "USD"},
	{"ink-and-barley", "brand", 52, "IE", "Europe/Dublin", "EUR"},
	{"marble-crow-studio", "brand", 68, "IT", "Europe/Rome", "EUR"},
	{"left-hand-letters", "brand", 49, "GR", "Europe/Athens", "EUR"},
	{"plainspoken-copy", "copy", 44, "GB", "Europe/London", "GBP"},
	{"comma-and-cargo", "copy", 50, "US", "America/New_York", "USD"},
	{"third-draft-office", "copy", 41, "ZA", "Africa/Johannesburg", "USD"},
	{"two-rivers-words", "translate", 38, "PT", "Europe/Lisbon", "EUR"},
	{"ferry-bridge-language", "translate", 42, "AT", "Europe/Vienna", "EUR"},
	{"accent-aigu-translations", "translate", 40, "BE", "Europe/Brussels", "EUR"},
	{"lowland-query", "data", 74, "NL", "Europe/Amsterdam", "EUR"},
	{"honest-histogram", "data", 69, "FI", "Europe/Helsinki", "EUR"},
	{"pivot-and-plum", "data", 58, "MX", "America/Mexico_City", "USD"},
	{"night-shift-ops", "ops", 82, "CZ", "Europe/Prague", "EUR"},
	{"green-pipeline", "ops", 76, "DE", "Europe/Berlin", "EUR"},
	{"uphill-search", "seo", 47, "ES", "Europe/Madrid", "EUR"},
	{"clear-query-marketing", "seo", 53, "US", "America/Denver", "USD"},
	{"long-take-motion", "video", 61, "FR", "Europe/Paris", "EUR"},
	{"kite-string-films", "video", 54, "HR", "Europe/Zagreb", "EUR"},
	{"red-pencil-testing", "qa", 43, "PL", "Europe/Warsaw", "EUR"},
	{"edge-case-kitchen", "qa", 51, "LT", "Europe/Vilnius", "EUR"},
	{"spreadsheet-sundays", "office", 46, "LV", "Europe/Riga", "EUR"},
	{"macro-and-mint", "office", 56, "CH", "Europe/Zurich", "CHF"},
}

// rates turn euros into the minor units of a currency and say to what step
// (minor units) people round a price in it. They are rough on purpose: a demo
// needs plausible prices, not today's exchange rate.
var rates = map[string]struct {
	perEuro float64
	step    int64
}{
	"EUR": {100, 1000}, "USD": {108, 1000}, "GBP": {86, 1000}, "CHF": {96, 1000},
	"SEK": {1130, 10000}, "JPY": {163, 1000},
}

// price converts euros to a rounded price in minor units of currency.
func price(currency string, euros float64) int64 {
	rate := rates[currency]
	return max(int64(euros*rate.perEuro/float64(rate.step)+0.5), 1) * rate.step
}
