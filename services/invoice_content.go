package services

// InvoiceContent is what an invoice says, frozen when it is issued. The PDF is
// made of it and of nothing else. Amounts are minor units of Currency, times
// RFC 3339 in UTC.
type InvoiceContent struct {
	// Version is the version of this form.
	Version  int    `json:"version"`
	Language string `json:"language"`
	Number   string `json:"number"`
	Kind     string `json:"kind"`
	IssuedAt string `json:"issuedAt"`
	// SuppliedAt is when the payment, or the part of it, was released or taken back.
	SuppliedAt string        `json:"suppliedAt"`
	Issuer     InvoiceParty  `json:"issuer"`
	Recipient  InvoiceParty  `json:"recipient"`
	Lines      []InvoiceLine `json:"lines"`
	Currency   string        `json:"currency"`
	Net        int64         `json:"net"`
	Tax        InvoiceTax    `json:"tax"`
	Total      int64         `json:"total"`
	// Corrects is the number of the invoice that a credit note corrects.
	Corrects  string   `json:"corrects,omitempty"`
	Payment   string   `json:"payment"`
	Project   string   `json:"project"`
	Contract  string   `json:"contract"`
	Milestone string   `json:"milestone"`
	LedgerRef string   `json:"ledgerRef"`
	Notes     []string `json:"notes"`
}

// InvoiceParty is who issues or receives an invoice. What is not known is empty.
type InvoiceParty struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Address []string `json:"address"`
	TaxID   string   `json:"taxId"`
	// series is what the numbers of their invoices begin with; "" if they have issued none.
	series string
}

// InvoiceLine is one line of an invoice.
type InvoiceLine struct {
	Description string `json:"description"`
	Quantity    int64  `json:"quantity"`
	UnitPrice   int64  `json:"unitPrice"`
	Amount      int64  `json:"amount"`
}

// InvoiceTax is open: which tax applies depends on where both sides are, and the
// marketplace does not know. It says so instead of printing a zero.
type InvoiceTax struct {
	// RateBasisPoints and Amount are null as long as no tax was determined.
	RateBasisPoints *int64 `json:"rateBasisPoints"`
	Amount          *int64 `json:"amount"`
	Note            string `json:"note"`
}

const taxNote = "No tax was determined by the marketplace. The amount may include taxes that the issuer has to account for."
