package stripesim

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Test payment methods.
const (
	CardOK         = "pm_card_visa"
	CardDeclined   = "pm_card_declined"
	CardChallenged = "pm_card_challenged"
	BankDebit      = "pm_bank_debit"
)

// confirm charges the payment method of an intent.
func (s *Server) confirm(intent Object) (int, Object) {
	if intent.Text("status") != "requires_confirmation" {
		return http.StatusBadRequest, failure("invalid_request_error", "payment_intent_unexpected_state", "You cannot confirm this PaymentIntent because it has a status of "+intent.Text("status"))
	}
	switch intent.Text("payment_method") {
	case CardDeclined:
		intent["status"] = "requires_payment_method"
		intent["last_payment_error"] = Object{"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
		s.tell("payment_intent.payment_failed", intent)
		return http.StatusPaymentRequired, failure("card_error", "card_declined", "Your card was declined.")
	case CardChallenged:
		intent["status"] = "requires_action"
		intent["next_action"] = Object{"type": "redirect_to_url", "redirect_to_url": Object{"url": "https://hooks.stripe.example/" + intent.Text("id")}}
		s.tell("payment_intent.requires_action", intent)
	case BankDebit:
		intent["status"] = "processing"
		s.tell("payment_intent.processing", intent)
	default:
		s.take(intent)
	}
	return http.StatusOK, intent
}

// take books the money of an intent.
func (s *Server) take(intent Object) {
	intent["status"], intent["amount_received"] = "succeeded", intent.Number("amount")
	delete(intent, "next_action")
	charge := s.add("charge", "ch", Object{
		"amount": intent.Number("amount"), "amount_captured": intent.Number("amount"), "amount_refunded": int64(0), "currency": intent["currency"],
		"status": "succeeded", "payment_intent": intent.Text("id"), "metadata": intent["metadata"], "transfer_group": intent["transfer_group"],
	})
	intent["latest_charge"] = charge.Text("id")
	s.tell("charge.succeeded", charge)
	s.tell("payment_intent.succeeded", intent)
}

// refund gives back, out of what an intent took.
func (s *Server) refund(r Request, amount int64) (int, Object) {
	intent, ok := s.byID[r.Form.Get("payment_intent")]
	if !ok {
		return missing(r.Form.Get("payment_intent"))
	}
	charge := s.byID[intent.Text("latest_charge")]
	if charge == nil {
		return http.StatusBadRequest, failure("invalid_request_error", "", "This PaymentIntent does not have a successful charge to refund.")
	}
	if charge["disputed"] == true {
		return http.StatusBadRequest, failure("invalid_request_error", "charge_disputed", "The charge has been charged back.")
	}
	if amount > charge.Number("amount")-charge.Number("amount_refunded") {
		return http.StatusBadRequest, failure("invalid_request_error", "", "Refund amount is greater than unrefunded amount on charge.")
	}
	charge["amount_refunded"] = charge.Number("amount_refunded") + amount
	refund := s.add("refund", "re", Object{
		"amount": amount, "currency": intent["currency"], "payment_intent": intent.Text("id"), "charge": charge.Text("id"),
		"status": "succeeded", "metadata": labels(r, "metadata"),
	})
	s.tell("refund.created", refund)
	s.tell("charge.refunded", charge)
	return http.StatusOK, refund
}

// RefundByHand gives back all that was taken for a payment, as the operator does it in
// Stripe's dashboard: without a label of ours.
func (s *Server) RefundByHand(payment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	intent := s.find("payment_intent", payment)
	form := url.Values{"payment_intent": {intent.Text("id")}}
	if status, body := s.refund(Request{Method: http.MethodPost, Path: "/v1/refunds", Form: form}, intent.Number("amount")); status != http.StatusOK {
		s.tb.Errorf("The refund by hand was answered %d: %v", status, body)
	}
}

// Withhold makes what clients paid unavailable for transfers to acct_poor, as it is for some days.
func (s *Server) Withhold(all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.withheld = all
}

// available is what the platform has at Stripe.
func (s *Server) available(currency string) int64 {
	var sum int64
	if s.withheld {
		return 0
	}
	for _, m := range s.moved() {
		if strings.EqualFold(m.Currency, currency) {
			sum -= m.Amount
		}
	}
	return sum
}

// Moved is an entry of the book; its sign is that of our world account.
type Moved struct {
	// Key is the payment or payout it belongs to.
	Key, Currency string
	Amount        int64
}

// Book returns everything that was moved.
func (s *Server) Book() []Moved {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moved()
}

func (s *Server) moved() []Moved {
	var book []Moved
	add := func(o Object, label string, amount int64) {
		book = append(book, Moved{o.label(label), strings.ToUpper(o.Text("currency")), amount})
	}
	for _, c := range s.kinds["charge"] {
		add(c, "lancershub_payment", -c.Number("amount_captured"))
	}
	for _, r := range s.kinds["refund"] {
		if r.Text("status") != "failed" {
			add(s.byID[r.Text("charge")], "lancershub_payment", r.Number("amount"))
		}
	}
	for _, t := range s.kinds["transfer"] {
		add(t, "lancershub_payout", t.Number("amount")-t.Number("amount_reversed"))
	}
	for _, d := range s.kinds["dispute"] {
		for _, entry := range d["balance_transactions"].([]any) {
			add(s.byID[d.Text("charge")], "lancershub_payment", -entry.(Object).Number("amount"))
		}
	}
	return book
}

// Pay is what a client does on the page of a payment, or in a challenge of their bank.
func (s *Server) Pay(payment string) {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.find("checkout.session", payment); session != nil && session["status"] == "open" {
		s.complete(session)
		return
	}
	if intent := s.find("payment_intent", payment); intent != nil && (intent["status"] == "requires_action" || intent["status"] == "processing") {
		s.take(intent)
		return
	}
	s.tb.Errorf("Expected payment %s to wait for its client", payment)
}

// complete takes the money of an open session.
func (s *Server) complete(session Object) {
	intent := s.add("payment_intent", "pi", Object{
		"status": "processing", "amount": session.Number("amount_total"), "amount_received": int64(0), "currency": session["currency"],
		"metadata": session["payment_metadata"], "transfer_group": session["transfer_group"],
	})
	session["status"], session["payment_status"], session["payment_intent"] = "complete", "paid", intent.Text("id")
	s.take(intent)
	s.tell("checkout.session.completed", session)
}

// find returns the newest object of kind with the label of a payment.
func (s *Server) find(kind, payment string) Object {
	for n := len(s.kinds[kind]) - 1; n >= 0; n-- {
		if s.kinds[kind][n].label("lancershub_payment") == payment {
			return s.kinds[kind][n]
		}
	}
	return nil
}

// Find returns a copy of the newest object of kind with the label of a payment, or nil.
func (s *Server) Find(kind, payment string) Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(kind, payment)
	if found == nil {
		return nil
	}
	copied := Object{}
	for name, value := range found {
		copied[name] = value
	}
	return copied
}

// Reverse takes what is left of a transfer back.
func (s *Server) Reverse(payout string) { s.ReversePart(payout, 0) }

// ReversePart takes amount of a transfer back; 0 is all that is left of it.
func (s *Server) ReversePart(payout string, amount int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.kinds["transfer"] {
		if t.label("lancershub_payout") == payout {
			before, _ := t["reversals"].(Object)
			data, _ := before["data"].([]any)
			back := cmp.Or(amount, t.Number("amount")-t.Number("amount_reversed"))
			t["amount_reversed"] = t.Number("amount_reversed") + back
			t["reversed"] = t.Number("amount_reversed") == t.Number("amount")
			t["reversals"] = Object{"object": "list", "has_more": false, "data": append(data, Object{
				"id": "trr_" + strconv.Itoa(len(data)) + t.Text("id"), "object": "transfer_reversal", "amount": back, "currency": t["currency"], "created": s.Now().Unix(),
			})}
			s.tell("transfer.reversed", t)
		}
	}
}

// FailRefund makes the newest refund of a payment fail after all.
func (s *Server) FailRefund(payment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refund := s.find("refund", payment); refund != nil {
		refund["status"], refund["failure_reason"] = "failed", "expired_or_canceled_card"
		charge := s.byID[refund.Text("charge")]
		charge["amount_refunded"] = charge.Number("amount_refunded") - refund.Number("amount")
		s.tell("refund.failed", refund)
	}
}

// OpenDispute is a client who tells the bank to take amount back. Warned means
// that the bank only asks, and moves nothing yet.
func (s *Server) OpenDispute(payment string, amount int64, warned bool) string {
	s.tb.Helper()
	return s.OpenDisputeIn("", payment, amount, warned)
}

// OpenDisputeIn is OpenDispute in a currency, "" for that of the charge.
func (s *Server) OpenDisputeIn(currency, payment string, amount int64, warned bool) string {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	charge := s.find("charge", payment)
	if charge == nil {
		s.tb.Fatalf("Expected payment %s to be charged", payment)
	}
	if currency == "" {
		currency = charge.Text("currency")
	}
	dispute := s.add("dispute", "dp", Object{
		"amount": amount, "currency": currency, "charge": charge.Text("id"), "payment_intent": charge.Text("payment_intent"),
		"reason": "fraudulent", "status": "needs_response", "balance_transactions": []any{}, "is_charge_refundable": warned,
		"evidence_details": Object{"due_by": s.Now().Add(7 * 24 * time.Hour).Unix()}, "metadata": map[string]any{},
	})
	if warned {
		dispute["status"] = "warning_needs_response"
		s.tell("charge.dispute.created", dispute)
		return dispute.Text("id")
	}
	charge["disputed"] = true
	s.move(dispute, -amount)
	s.tell("charge.dispute.created", dispute)
	s.tell("charge.dispute.funds_withdrawn", dispute)
	return dispute.Text("id")
}

// CloseDispute is the bank's decision: won gives the money back to us.
func (s *Server) CloseDispute(id string, won bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dispute := s.byID[id]
	taken := len(dispute["balance_transactions"].([]any)) > 0
	switch {
	case won && taken:
		dispute["status"] = "won"
		s.move(dispute, dispute.Number("amount"))
		s.tell("charge.dispute.funds_reinstated", dispute)
	case won:
		dispute["status"] = "warning_closed"
	case !taken:
		dispute["status"] = "lost"
		s.move(dispute, -dispute.Number("amount"))
		s.tell("charge.dispute.funds_withdrawn", dispute)
	default:
		dispute["status"] = "lost"
	}
	s.tell("charge.dispute.closed", dispute)
}

func (s *Server) move(dispute Object, amount int64) {
	entries := dispute["balance_transactions"].([]any)
	dispute["balance_transactions"] = append(entries, Object{
		"id": "txn_" + dispute.Text("id"), "object": "balance_transaction", "amount": amount, "currency": dispute["currency"], "created": s.Now().Unix(),
	})
}

// TakeAfterAll takes the money of a payment whose card was declined first.
func (s *Server) TakeAfterAll(payment string) {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	intent := s.find("payment_intent", payment)
	if intent == nil || intent["status"] != "requires_payment_method" {
		s.tb.Errorf("Expected payment %s to be declined", payment)
		return
	}
	s.take(intent)
}

// SettleRefund makes the newest refund of a payment, which had failed, arrive after all.
func (s *Server) SettleRefund(payment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refund := s.find("refund", payment); refund != nil {
		refund["status"] = "succeeded"
		delete(refund, "failure_reason")
		charge := s.byID[refund.Text("charge")]
		charge["amount_refunded"] = charge.Number("amount_refunded") + refund.Number("amount")
		s.tell("refund.updated", refund)
	}
}
