package demo

// trade is a kind of work: its category (one of those the web app offers), group
// of neighbouring trades (who else bids), the skills it asks for, project titles (%s is the client's business),
// what is to be done, and how the work is usually cut into milestones.
type trade struct {
	key, category, group string
	headline             string
	skills               []string
	titles               []string
	scope                []string
	stages               []string
}

// trades lists every kind of work in the demo marketplace.
var trades = []trade{
	{
		key: "shop", category: "development", group: "code", headline: "Shops and booking systems that sell while you sleep",
		skills: []string{"Checkout", "Payments", "TypeScript", "PostgreSQL", "Accessibility", "Stripe"},
		titles: []string{"Online shop for %s", "Faster checkout for %s", "Booking system for %s", "Gift vouchers for the shop of %s", "Subscription orders for %s", "Shop migration without downtime for %s", "Stock levels across two stores for %s"},
		scope:  []string{"About 120 products, two languages, card and invoice payments.", "Customers should be done in three steps, on a phone, with one hand.", "The old shop keeps running until the new one has proved itself.", "Orders must reach our accounting every night."},
		stages: []string{"Structure and clickable prototype", "Catalogue and search", "Cart, checkout and payments", "Order mails and accounting export", "Launch and first weeks"},
	},
	{
		key: "web", category: "development", group: "code", headline: "Fast, readable websites that editors can look after",
		skills: []string{"HTML", "CSS", "TypeScript", "React", "Accessibility", "Content editing"},
		titles: []string{"New website for %s", "Accessible relaunch of the website of %s", "Event calendar for %s", "Members' area for %s", "Press and jobs pages for %s", "A faster home page for %s"},
		scope:  []string{"Eight page types, and our team edits the texts itself.", "It has to pass an accessibility audit (WCAG 2.2 AA).", "The design exists; we need clean templates and good loading times.", "Two languages now, a third next year."},
		stages: []string{"Page types and first template", "All templates", "Editing and content move", "Audit, fixes and launch"},
	},
	{
		key: "mobile", category: "development", group: "code", headline: "Apps that open quickly and work in the cellar",
		skills: []string{"Swift", "Kotlin", "Flutter", "Offline sync", "App store release"},
		titles: []string{"Appointment app for %s", "Loyalty card app for %s", "Staff rota app for %s", "Photo reports from the field for %s", "Ticket scanner app for %s"},
		scope:  []string{"It must work without a connection and catch up later.", "Around 400 people will use it every day.", "Both platforms, one code base if that keeps it quick.", "Sign-in comes from our existing system."},
		stages: []string{"Flows and prototype", "Core screens", "Offline and sync", "Store release", "Month of care after release"},
	},
	{
		key: "api", category: "development", group: "code", headline: "Backends with few moving parts and good logs",
		skills: []string{"Go", "PostgreSQL", "SQLite", "REST", "Queues", "Observability"},
		titles: []string{"Delivery tracking API for %s", "Connect the till to the web shop of %s", "Replace a nightly import for %s", "Invoice service for %s", "Customer data clean-up for %s", "Read-only partner API for %s"},
		scope:  []string{"About 30 requests a second at the busiest hour.", "Two existing systems disagree; one of them has to become the truth.", "We want tests we can run ourselves and a short operations guide.", "Nothing may be sent twice."},
		stages: []string{"Contract and data model", "First endpoint in production", "Remaining endpoints", "Load test and handover"},
	},
	{
		key: "ux", category: "design", group: "design", headline: "Interfaces people understand without a tour",
		skills: []string{"Figma", "User research", "Prototyping", "Design systems"},
		titles: []string{"Redesign of the booking flow of %s", "Design system for %s", "Usability study for %s", "Dashboard design for %s", "Onboarding redesign for %s"},
		scope:  []string{"Five interviews with customers, then two rounds of prototypes.", "Most people use it on a phone while standing.", "Our developers build it: we need components and their states.", "The look may stay; the way through it should not."},
		stages: []string{"Interviews and findings", "Prototype, first round", "Prototype, second round", "Components and handover"},
	},
	{
		key: "brand", category: "design", group: "design", headline: "Marks, packaging and drawings with a steady hand",
		skills: []string{"Logo design", "Packaging", "Illustration", "Typography"},
		titles: []string{"New logo and stationery for %s", "Packaging for the new range of %s", "Illustrations for the website of %s", "Signs for the entrance of %s", "Annual report layout for %s"},
		scope:  []string{"Three directions, one of them worked out fully.", "It must still work in one colour and at 12 millimetres.", "Files for print and web, and a short guide of four pages.", "We have a colour we are attached to."},
		stages: []string{"Three directions", "Chosen direction worked out", "Files and short guide"},
	},
	{
		key: "copy", category: "writing", group: "words", headline: "Plain words for products that deserve them",
		skills: []string{"Copywriting", "Editing", "Interviews", "Tone of voice"},
		titles: []string{"Product texts for %s", "Newsletter series for %s", "New texts for the website of %s", "Case studies for %s", "Help pages for %s"},
		scope:  []string{"Around 60 short texts, each from a call of ten minutes.", "Friendly, exact, no exclamation marks.", "You get raw notes; we get texts that can be published.", "One round of changes is enough for us."},
		stages: []string{"Tone and five samples", "First half", "Second half"},
	},
	{
		key: "translate", category: "writing", group: "words", headline: "Translations that read as if written here",
		skills: []string{"Translation", "Proofreading", "Terminology", "Localisation"},
		titles: []string{"German website texts for %s", "French product catalogue for %s", "Portuguese contracts and forms for %s", "Localisation of the app of %s", "Subtitles in three languages for %s"},
		scope:  []string{"About 18,000 words, with a glossary we agree on first.", "Some sentences end up on signs, so length matters.", "Native speakers only, please, with two eyes more for proofreading.", "We deliver texts weekly."},
		stages: []string{"Glossary and sample", "First half", "Second half", "Proofreading"},
	},
	{
		key: "data", category: "data", group: "code", headline: "Numbers that agree with each other",
		skills: []string{"SQL", "Python", "Dashboards", "Forecasting", "Data cleaning"},
		titles: []string{"Sales dashboard for %s", "Demand forecast for %s", "Monthly report without spreadsheets for %s", "Customer survey analysis for %s", "Stock analysis for %s"},
		scope:  []string{"Three sources, five years, and a lot of history in spreadsheets.", "The owner reads it on Monday at eight, on a phone.", "We need to understand how a number came about.", "Forecasts should say how sure they are."},
		stages: []string{"Sources and definitions", "Data model", "First dashboard", "Reports and handover"},
	},
	{
		key: "ops", category: "development", group: "code", headline: "Servers that nobody has to think about",
		skills: []string{"Linux", "Backups", "Monitoring", "CI", "Containers"},
		titles: []string{"Backups that were restored once, for %s", "Move to a new host for %s", "Monitoring and alerts for %s", "Build pipeline for the apps of %s", "Monthly server care for %s"},
		scope:  []string{"Six small services, one database, no drama wanted.", "We were down for a day last spring; never again.", "Everything as code, in our repository.", "You would be on call on working days only."},
		stages: []string{"Inventory and plan", "Set-up", "Move and rehearsal", "Handover"},
	},
	{
		key: "seo", category: "marketing", group: "words", headline: "Being found by people who are looking",
		skills: []string{"SEO", "Analytics", "Search ads", "Local listings"},
		titles: []string{"Search audit for %s", "Local listings for the branches of %s", "Season campaign for %s", "Landing pages for %s", "Monthly search care for %s"},
		scope:  []string{"We would like to know what is worth doing and what is not.", "A small budget, spent in four weeks around the season.", "Reports of one page, in words.", "No tricks that will hurt in a year."},
		stages: []string{"Audit", "First measures", "Second measures", "Report"},
	},
	{
		key: "video", category: "video", group: "design", headline: "Short films with a beginning and an end",
		skills: []string{"Editing", "Motion design", "Colour", "Sound"},
		titles: []string{"Image film for %s", "Explainer video for %s", "Six short clips for %s", "Animated logo for %s", "Training videos for %s"},
		scope:  []string{"Ninety seconds, one day of shooting, subtitles in two languages.", "The material exists; it needs an edit and some order.", "It runs without sound in our shops.", "Square and wide versions, please."},
		stages: []string{"Script and storyboard", "Rough cut", "Final cut"},
	},
	{
		key: "qa", category: "development", group: "code", headline: "Finding it before your customers do",
		skills: []string{"Test plans", "Browser tests", "Accessibility tests", "Exploratory testing"},
		titles: []string{"Release testing for %s", "Browser tests for the shop of %s", "Accessibility check for %s", "Test plan for the app of %s"},
		scope:  []string{"Two weeks before the release, a short report every evening.", "The important ways through the shop, on real devices.", "Findings with steps, in our tracker.", "We fix, you look again."},
		stages: []string{"Plan", "First round", "Second round and report"},
	},
	{
		key: "office", category: "business", group: "code", headline: "Less typing of the same thing twice",
		skills: []string{"Spreadsheets", "Scripting", "Document templates", "Accounting export"},
		titles: []string{"Offer and invoice templates for %s", "Rota spreadsheet for %s", "Automatic reminders for %s", "Document archive for %s", "Price list generator for %s"},
		scope:  []string{"Two people do this by hand every Friday.", "It has to run on what we already have.", "A short film that shows how it is used would be lovely.", "Numbers must match to the cent."},
		stages: []string{"Walk-through and plan", "First version", "Final version and training"},
	},
}

// tradeOf returns the trade with that key.
func tradeOf(key string) *trade {
	for i := range trades {
		if trades[i].key == key {
			return &trades[i]
		}
	}
	panic("demo: there is no trade " + key) // a typo in this package
}
