package services

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lancershub/lancershub/collections"
)

// sample is an invoice whose texts are in several scripts.
func sample() InvoiceContent {
	return InvoiceContent{
		Version: 1, Language: "en", Number: "7K2M9Q-2026-00001", Kind: collections.InvoiceOfWork,
		IssuedAt: "2026-03-10T12:00:00Z", SuppliedAt: "2026-03-10T12:00:00Z",
		Issuer:    InvoiceParty{Name: "مريم الأحمد", Address: []string{"شارع الاستقلال 12", "Łódź 90-001, Ελλάδα", "Київ"}, TaxID: "PL1234567890"},
		Recipient: InvoiceParty{Name: "Šárka & Ørsted Größe GmbH"},
		Currency:  "EUR", Lines: []InvoiceLine{{Description: "A shop for teapots, the second of three milestones with a title that is long enough to be broken into several lines", Quantity: 1, UnitPrice: 123457, Amount: 123457}},
		Net: 123457, Total: 123457, Tax: InvoiceTax{Note: taxNote}, Payment: "abcdefghijklmno", LedgerRef: "release:abcdefghijklmno:3",
		Notes: []string{"Paid through LancersHub: nothing is due."},
	}
}

// TestInvoicesAreTheSameEveryTime: a PDF can be made anew and compared byte for byte.
func TestInvoicesAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	first, err := RenderInvoice(sample())
	if err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("LANCERSHUB_INVOICE"); path != "" { // to look at it
		if err := os.WriteFile(path, first, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		again, err := RenderInvoice(sample())
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("Expected the same %d bytes, got %d, %v", len(first), len(again), err)
		}
	}
	if !bytes.HasPrefix(first, []byte("%PDF-")) {
		t.Errorf("Expected a PDF, got %.20q", first)
	}
}

func TestArabicIsJoinedAndTurnedAround(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":      "plain",
		"سلام":       "\uFEE1\uFEFC\uFEB3",    // seen, lam and alef as one, meem; drawn from the left
		"دار":        "\uFEAD\uFE8D\uFEA9",    // none of these joins what follows
		"بيت 12":     "12 \uFE96\uFEF4\uFE91", // numbers run from left to right
		"a\u200eb\n": "ab ",                   // marks and line ends
		"שלום":       "םולש",                  //
		"سلام (A)":   "(A) \uFEE1\uFEFC\uFEB3",
		"😀":          "□",                                       // beyond the font
		"مُحَمَّد":   "\uFEAA\uFEE4\uFEA4\uFEE3",                // vowel signs are left out
		"Aسلام B":    "A\uFEE1\uFEFC\uFEB3 B",                   //
		"سلام A دار": "\uFEAD\uFE8D\uFEA9 A \uFEE1\uFEFC\uFEB3", // a line that begins at its right
	} {
		if got := visual(text); got != want {
			t.Errorf("%q: expected %+q, got %+q", text, want, got)
		}
	}
}

func FuzzVisual(f *testing.F) {
	f.Add("سلام A دار (12)")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // JSON has none
		}
		if drawn := visual(text); !utf8.ValidString(drawn) {
			t.Errorf("Expected valid text, got %q", drawn)
		}
		width := func(part string) float64 { return float64(utf8.RuneCountInString(visual(part))) }
		for _, line := range wrap(text, 5, width) {
			if utf8.RuneCountInString(line) > 1 && width(line) > 5 {
				t.Errorf("Expected lines of at most 5, got %q", line)
			}
		}
		if joined := strings.Join(wrap(text, 5, width), ""); strings.Join(strings.Fields(text), "") != strings.ReplaceAll(joined, " ", "") {
			t.Errorf("Expected all of %q, got %q", text, joined)
		}
	})
}

func BenchmarkRenderInvoice(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := RenderInvoice(sample()); err != nil {
			b.Fatal(err)
		}
	}
}
