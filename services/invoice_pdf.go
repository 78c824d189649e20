package services

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"codeberg.org/go-fonts/dejavu/dejavusansbold"
	"codeberg.org/go-pdf/fpdf"

	"github.com/lancershub/lancershub/collections"
)

// The page, in millimetres.
const (
	pageLeft   = 20.0
	pageRight  = 190.0
	pageMiddle = 110.0
	pageTop    = 20.0
	pageBottom = 265.0
	fontFamily = "dejavu"
)

// invoiceTitles are the headings of the kinds of invoices.
var invoiceTitles = map[string]string{
	collections.InvoiceOfWork: "Invoice", collections.InvoiceOfFee: "Invoice",
	collections.CreditOfWork: "Credit note", collections.CreditOfFee: "Credit note",
}

// page draws an invoice. y is where the next thing goes, in millimetres from the top.
type page struct {
	pdf *fpdf.Fpdf
	y   float64
}

// RenderInvoice makes the PDF of an invoice. The same content always makes the
// same bytes, so that it can be made again at any time and compared.
func RenderInvoice(content InvoiceContent) ([]byte, error) {
	issued, err := time.Parse(time.RFC3339, content.IssuedAt)
	if err != nil {
		return nil, fmt.Errorf("failed to read when invoice %s was issued: %w", content.Number, err)
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(issued)
	pdf.SetModificationDate(issued)
	pdf.SetProducer(appName, true)
	pdf.SetTitle(invoiceTitles[content.Kind]+" "+content.Number, true)
	pdf.SetLang(content.Language)
	pdf.AddUTF8FontFromBytes(fontFamily, "", dejavusans.TTF)
	pdf.AddUTF8FontFromBytes(fontFamily, "B", dejavusansbold.TTF)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetFooterFunc(func() {
		footer := &page{pdf: pdf, y: 282}
		footer.style("", 7, 110)
		footer.text(pageLeft, fmt.Sprintf("%s · ledger transaction %s · page %d", content.Number, content.LedgerRef, pdf.PageNo()))
	})
	p := &page{pdf: pdf}
	p.begin()
	p.head(content)
	p.table(content)
	p.foot(content)
	var file bytes.Buffer
	if err := pdf.Output(&file); err != nil {
		return nil, fmt.Errorf("failed to draw invoice %s: %w", content.Number, err)
	}
	return file.Bytes(), nil
}

func (p *page) begin() {
	p.pdf.AddPage()
	p.y = pageTop
}

// style sets the font and how dark it is: 0 is black, 255 white.
func (p *page) style(weight string, size float64, grey int) {
	p.pdf.SetFont(fontFamily, weight, size)
	p.pdf.SetTextColor(grey, grey, grey)
}

// text writes one line at x.
func (p *page) text(x float64, text string) { p.pdf.Text(x, p.y, visual(text)) }

// right writes one line that ends at the right margin.
func (p *page) right(text string) {
	shown := visual(text)
	p.pdf.Text(pageRight-p.pdf.GetStringWidth(shown), p.y, shown)
}

// block writes text at x in lines no wider than width, and moves down.
func (p *page) block(x, width, leading float64, text string) {
	for _, line := range wrap(text, width, func(part string) float64 { return p.pdf.GetStringWidth(visual(part)) }) {
		if p.y > pageBottom {
			p.begin()
		}
		p.text(x, line)
		p.y += leading
	}
}

func (p *page) rule(grey int) {
	p.pdf.SetDrawColor(grey, grey, grey)
	p.pdf.SetLineWidth(0.2)
	p.pdf.Line(pageLeft, p.y, pageRight, p.y)
}

// head names both sides, the number and the dates.
func (p *page) head(c InvoiceContent) {
	p.y += 4
	p.style("B", 20, 0)
	p.text(pageLeft, invoiceTitles[c.Kind])
	p.style("", 11, 60)
	p.right(c.Number)
	p.y += 14
	top := p.y
	p.party(pageLeft, "From", c.Issuer)
	low := p.y
	p.y = top
	p.party(pageMiddle, "To", c.Recipient)
	p.y = max(low, p.y) + 6
	facts := [][2]string{{"Issued", day(c.IssuedAt)}, {"Supplied", day(c.SuppliedAt)}}
	if c.Corrects != "" {
		facts = append(facts, [2]string{"Corrects invoice", c.Corrects})
	}
	for _, fact := range append(facts, [2]string{"Payment", c.Payment}) {
		p.style("", 9, 110)
		p.text(pageLeft, fact[0])
		p.style("", 9, 0)
		p.text(pageLeft+34, fact[1])
		p.y += 5.5
	}
	p.y += 8
}

func (p *page) party(x float64, label string, party InvoiceParty) {
	width := pageRight - pageMiddle
	p.style("", 9, 110)
	p.text(x, label)
	p.y += 5.5
	p.style("B", 10, 0)
	p.block(x, width, 5, party.Name)
	p.style("", 9, 40)
	for _, line := range party.Address {
		p.block(x, width, 4.6, line)
	}
	if party.TaxID != "" {
		p.block(x, width, 4.6, "Tax ID "+party.TaxID)
	}
	if len(party.Address) == 0 {
		p.style("", 8, 110)
		p.block(x, width, 4.6, "No address was given.")
	}
}

// table lists the lines and the sums.
func (p *page) table(c InvoiceContent) {
	p.style("", 9, 110)
	p.text(pageLeft, "Description")
	p.right("Amount")
	p.y += 2.5
	p.rule(120)
	for _, line := range c.Lines {
		p.y += 6.5
		p.style("", 10, 0)
		p.right(Money(line.Amount, c.Currency))
		p.block(pageLeft, 120, 5, line.Description)
		p.y -= 2
		p.rule(210)
	}
	p.y += 7
	tax := "not determined"
	if c.Tax.Amount != nil {
		tax = Money(*c.Tax.Amount, c.Currency)
	}
	p.sum("", "Net", Money(c.Net, c.Currency))
	p.sum("", "Tax", tax)
	p.sum("B", "Total", Money(c.Total, c.Currency))
	p.y += 8
}

func (p *page) sum(weight, label, amount string) {
	p.style(weight, 10, 0)
	p.text(pageMiddle, label)
	p.right(amount)
	p.y += 6.5
}

func (p *page) foot(c InvoiceContent) {
	p.style("", 9, 40)
	for _, note := range append(c.Notes, c.Tax.Note) {
		if note != "" {
			p.block(pageLeft, pageRight-pageLeft, 5, note)
		}
	}
}

// day writes a time for people; which day it is depends on the zone, so it is named.
func day(stamp string) string {
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return stamp
	}
	return at.UTC().Format("2 January 2006") + " (UTC)"
}
