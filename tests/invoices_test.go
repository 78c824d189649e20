package tests

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// invoicesOf lists a person's invoices by number.
func invoicesOf(p *Person) map[string]*Response {
	list := p.List(payments, collections.Invoices, "?sort=number&perPage=200")
	list.Want(p.tb, http.StatusOK, "")
	found := map[string]*Response{}
	items, _ := list.JSON["items"].([]any)
	for _, item := range items {
		record, _ := item.(map[string]any)
		invoice := &Response{Status: http.StatusOK, JSON: record}
		found[invoice.Text("number")] = invoice
	}
	return found
}

func releasePart(s *Story, amount int64) {
	s.Market.tb.Helper()
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": amount}).Want(s.Market.tb, http.StatusOK, "")
	s.Market.Deliver()
}

// TestEachReleaseIsInvoiced: the freelancer's invoice is for both, the platform's
// about its fee is for the freelancer alone.
func TestEachReleaseIsInvoiced(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) { o.Company = "Market Ltd; 1 High Street; Dublin" })
	s := Funded(m)
	details := s.Client.Create(payments, collections.BillingDetails, Body{"name": "Teapots GmbH", "address": "Ringstraße 1\nWien", "taxId": "ATU1"})
	details.Want(t, http.StatusOK, "")
	if details.Text("user") != s.Client.ID {
		t.Errorf("Expected billing details of the client, got %s", details.Raw)
	}
	releasePart(s, 10_000)
	s.Client.Do(http.MethodPatch, "/api/payments/api/collections/billingDetails/records/"+details.Text("id"), Body{"name": "Other GmbH"}).Want(t, http.StatusOK, "")
	releasePart(s, 20_000)
	code := strings.ToUpper(s.Freelancer.ID[:6])
	seen := []string{}
	for _, who := range []*Person{s.Client, s.Freelancer, m.User(collections.RoleClient)} {
		numbers := sortedNumbers(invoicesOf(who))
		seen = append(seen, strings.Join(numbers, " "))
	}
	work := code + "-2026-00001 " + code + "-2026-00002"
	fees := "LH-2026-00001 LH-2026-00002"
	both := strings.Join(sortedStrings(strings.Fields(work+" "+fees)), " ")
	if want := []string{work, both, ""}; fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("Expected %q, got %q", want, seen)
	}
	first := invoicesOf(s.Client)[code+"-2026-00001"]
	content := s.Client.Do(http.MethodGet, "/api/payments/api/invoices/"+first.Text("id")+"/json", nil)
	content.Want(t, http.StatusOK, "")
	if got := content.Object("recipient").Text("name"); got != "Teapots GmbH" || content.Number("total") != 10_000 || content.Object("issuer").Text("id") != s.Freelancer.ID {
		t.Errorf("Expected the invoice as it was issued, got %s", content.Raw)
	}
	fee := invoicesOf(s.Freelancer)["LH-2026-00002"]
	content = s.Freelancer.Do(http.MethodGet, "/api/payments/api/invoices/"+fee.Text("id")+"/json", nil)
	if content.Object("issuer").Text("name") != "Market Ltd" || content.Number("total") != 2_000 || !strings.Contains(string(content.Raw), code+"-2026-00002") {
		t.Errorf("Expected the fee invoice of the second part, got %s", content.Raw)
	}
	s.Client.Do(http.MethodGet, "/api/payments/api/invoices/"+fee.Text("id")+"/json", nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	m.Sound()
}

func sortedNumbers(invoices map[string]*Response) []string { return slices.Sorted(maps.Keys(invoices)) }

func sortedStrings(texts []string) []string { return slices.Sorted(slices.Values(texts)) }

// TestThePDFOfAnInvoice: it is there at once, is stored later with the same bytes,
// and nobody but the parties gets it.
func TestThePDFOfAnInvoice(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	releasePart(s, s.Amount)
	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	id := ""
	for _, invoice := range invoicesOf(s.Client) {
		id = invoice.Text("id")
	}
	route := "/api/payments/api/invoices/" + id + "/pdf"
	before := s.Client.Do(http.MethodGet, route, nil)
	if before.Want(t, http.StatusOK, ""); !bytes.HasPrefix(before.Raw, []byte("%PDF-")) || before.Header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("Expected a PDF, got %v %.80q", before.Header, before.Raw)
	}
	if err := m.Payments().StoreInvoices(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored := s.Client.View(payments, collections.Invoices, id)
	if stored.Text("pdf") != stored.Text("number")+".pdf" {
		t.Fatalf("Expected the PDF to be stored, got %s", stored.Raw)
	}
	if after := s.Freelancer.Do(http.MethodGet, route, nil); !bytes.Equal(before.Raw, after.Raw) {
		t.Errorf("Expected the same bytes, got %d of %d", len(after.Raw), len(before.Raw))
	}
	file := "/api/payments/api/files/invoices/" + id + "/" + stored.Text("pdf")
	for who, person := range map[string]*Person{"guest": m.Guest(), "stranger": stranger} {
		if answer := person.Do(http.MethodGet, route, nil); answer.Status != http.StatusNotFound && answer.Status != http.StatusUnauthorized {
			t.Errorf("Expected no PDF for a %s, got %d", who, answer.Status)
		}
		if answer := person.Do(http.MethodGet, file, nil); answer.Status == http.StatusOK {
			t.Errorf("Expected no file for a %s", who)
		}
	}
	answer := s.Client.Do(http.MethodGet, s.Client.FileURL(payments, collections.Invoices, id, stored.Text("pdf")), nil)
	if location := answer.Header.Get("Location"); answer.Status != http.StatusTemporaryRedirect || !strings.HasPrefix(location, "/s3/") {
		t.Fatalf("Expected a way to the storage, got %d %v", answer.Status, answer.Header)
	}
	answer = m.Guest().Do(http.MethodGet, answer.Header.Get("Location"), nil)
	if !bytes.Equal(before.Raw, answer.Raw) {
		t.Errorf("Expected the file with a file token, got %d %.80q", answer.Status, answer.Raw)
	}
	if answer := stranger.Do(http.MethodGet, stranger.FileURL(payments, collections.Invoices, id, stored.Text("pdf")), nil); answer.Status != http.StatusNotFound {
		t.Errorf("Expected no file with a stranger's token, got %d", answer.Status)
	}
	m.Sound()
}

// TestInvoicesAreSealed: not even a superuser edits or deletes one, not even past
// the API, and no number is left out.
func TestInvoicesAreSealed(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	releasePart(s, 10_000)
	app := m.Instances[payments].App
	record, err := app.FindFirstRecordByFilter(collections.Invoices, "kind = 'fee'")
	if err != nil {
		t.Fatal(err)
	}
	moderator := m.Superuser(payments)
	path := "/api/payments/api/collections/invoices/records/" + record.Id
	moderator.Do(http.MethodPatch, path, Body{"amount": 1}).Want(t, http.StatusForbidden, services.CodeForbidden)
	moderator.Do(http.MethodDelete, path, nil).Want(t, http.StatusForbidden, services.CodeForbidden)
	if answer := moderator.Create(payments, collections.Invoices, Body{"number": "LH-2026-00007"}); answer.Status < 400 {
		t.Errorf("Expected no invoice made by hand, got %s", answer.Raw)
	}
	refused := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "invoices: ") {
			t.Errorf("Expected the database to refuse to %s, got %v", what, err)
		}
	}
	for _, field := range []string{"number", "amount", "content", "sha256", "client", "issuedAt", "ledgerRef"} {
		_, err := app.DB().Update(collections.Invoices, dbx.Params{field: "7"}, dbx.HashExp{"id": record.Id}).Execute()
		refused("edit "+field, err)
	}
	_, err = app.DB().Delete(collections.Invoices, dbx.HashExp{"id": record.Id}).Execute()
	refused("delete", err)
	_, err = app.DB().NewQuery(`INSERT INTO invoices (id, number, series, seq, kind, ledgerRef) VALUES ('x', 'LH-2026-00003', 'LH-2026', 3, 'fee', 'x')`).Execute()
	refused("leave a gap", err)
	m.Sound()
}

// TestARollbackLeavesNoGap: what fails after the numbers were given takes them back.
func TestARollbackLeavesNoGap(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	releasePart(s, 10_000)
	app := m.Instances[payments].App
	if _, err := app.DB().NewQuery(`CREATE TRIGGER fail BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`).Execute(); err != nil {
		t.Fatal(err)
	}
	s.Client.Command(payments, "payments/"+s.Payment+"/release", "failing", Body{"amount": 20_000}).Want(t, http.StatusInternalServerError, services.CodeInternal)
	if _, err := app.DB().NewQuery(`DROP TRIGGER fail`).Execute(); err != nil {
		t.Fatal(err)
	}
	s.Client.Command(payments, "payments/"+s.Payment+"/release", "failing", Body{"amount": 20_000}).Want(t, http.StatusOK, "")
	m.Deliver()
	code := strings.ToUpper(s.Freelancer.ID[:6])
	want := sortedStrings([]string{code + "-2026-00001", code + "-2026-00002", "LH-2026-00001", "LH-2026-00002"})
	if got := sortedNumbers(invoicesOf(s.Freelancer)); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Expected %v, got %v", want, got)
	}
	m.Sound()
}

// TestOldReleasesAreInvoicedLater: data of before there were invoices.
func TestOldReleasesAreInvoicedLater(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	releasePart(s, 10_000)
	releasePart(s, 20_000)
	app := m.Instances[payments].App
	for _, sql := range []string{`DROP TRIGGER invoices_stay`, `DELETE FROM invoices`} {
		if _, err := app.DB().NewQuery(sql).Execute(); err != nil {
			t.Fatal(err)
		}
	}
	m.Clock.Advance(collections.Day)
	for range 2 {
		if err := m.Payments().CatchUpInvoices(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.Freelancer.SignIn()
	issued := invoicesOf(s.Freelancer)
	second := issued["LH-2026-00002"]
	if len(issued) != 4 || second == nil || second.Number("amount") != 2_000 {
		t.Fatalf("Expected four invoices, got %v", sortedNumbers(issued))
	}
	content := second.Object("content")
	if content.Text("issuedAt") != "2026-03-11T12:00:00Z" || content.Text("suppliedAt") != "2026-03-10T12:00:00Z" {
		t.Errorf("Expected to read that it was issued later, got %v", content.JSON)
	}
	m.Sound()
}

// TestMoneyTakenBackIsCredited: what is taken back from a freelancer corrects the
// invoices of the payment, the newest first, in the transaction of the posting.
func TestMoneyTakenBackIsCredited(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	releasePart(s, 10_000)
	releasePart(s, 20_000)
	app := m.Instances[payments].App
	for n, amount := range []int64{12_000, 10_000} {
		err := app.RunInTransaction(posting(m, services.Posting{
			Ref: fmt.Sprintf("recovery:%d", n), Kind: "recovery", Payment: s.Payment, Currency: "EUR",
			Entries: []services.Entry{{Account: services.AccountAvailable(s.Freelancer.ID), Amount: -amount}, {Account: services.AccountWorld, Amount: amount}},
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	code := strings.ToUpper(s.Freelancer.ID[:6])
	invoices := invoicesOf(s.Client)
	got := []string{}
	for _, number := range sortedNumbers(invoices) {
		if note := invoices[number]; note.Text("kind") == collections.CreditOfWork {
			got = append(got, fmt.Sprintf("%s %d %s", number, note.Number("amount"), note.Text("corrects")))
		}
	}
	want := []string{
		code + "-CN-2026-00001 12000 " + code + "-2026-00002",
		code + "-CN-2026-00002 8000 " + code + "-2026-00002",
		code + "-CN-2026-00003 2000 " + code + "-2026-00001",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("Expected %q, got %q", want, got)
	}
	note := invoices[code+"-CN-2026-00001"]
	if pdf := s.Client.Do(http.MethodGet, "/api/payments/api/invoices/"+note.Text("id")+"/pdf", nil); pdf.Status != http.StatusOK || !bytes.HasPrefix(pdf.Raw, []byte("%PDF-")) {
		t.Errorf("Expected the PDF of a credit note, got %d", pdf.Status)
	}
	m.Sound()
}
