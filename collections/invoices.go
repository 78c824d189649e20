package collections

// Invoices and what people want to be called on them, both on payments.
const (
	Invoices       = "invoices"
	BillingDetails = "billingDetails"
)

// Fields of invoices.
const (
	InvoiceNumber = "number"
	InvoiceSeries = "series"
	InvoiceSeq    = "seq"
	InvoiceKind   = "kind"
	// InvoicePayment is the payment that was settled, in whole or part.
	InvoicePayment = "payment"
	// InvoiceIssuer is a user id, or IssuerPlatform.
	InvoiceIssuer   = "issuer"
	InvoiceIssuedAt = "issuedAt"
	// InvoiceCorrects is the number of the invoice that a credit note corrects.
	InvoiceCorrects = "corrects"
	// InvoiceRef is the ledger transaction that the invoice is about.
	InvoiceRef     = "ledgerRef"
	InvoiceContent = "content"
	InvoiceSHA     = "sha256"
	InvoicePDF     = "pdf"
)

// Kinds of invoices: the freelancer's to the client, the platform's to the
// freelancer about its fee, and the credit notes that correct these.
const (
	InvoiceOfWork = "invoice"
	InvoiceOfFee  = "fee"
	CreditOfWork  = "credit_note"
	CreditOfFee   = "fee_credit_note"
)

// IssuerPlatform issues the invoices about fees; their numbers begin with SeriesPlatform.
const (
	IssuerPlatform = "platform"
	SeriesPlatform = "LH"
)

// Fields of billing details.
const (
	BillingName    = "name"
	BillingAddress = "address"
	BillingTaxID   = "taxId"
)
