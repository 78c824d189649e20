package stripesim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// route carries out one request.
func (s *Server) route(r Request) (int, Object) {
	parts := strings.Split(strings.TrimPrefix(r.Path, "/v1/"), "/")
	if parts[0] == "checkout" {
		parts = parts[1:]
	}
	id, verb := "", ""
	if len(parts) > 1 {
		id = parts[1]
	}
	if len(parts) > 2 {
		verb = parts[2]
	}
	switch {
	case parts[0] == "balance":
		return http.StatusOK, Object{"object": "balance", "available": []any{}, "pending": []any{}, "livemode": false}
	case parts[0] == "accounts":
		return account(id)
	case r.Method == http.MethodGet && id == "":
		return s.list(kindOf[parts[0]], r)
	case r.Method == http.MethodGet:
		return s.show(id, r)
	case id == "":
		return s.create(parts[0], r)
	}
	return s.change(parts[0], id, verb)
}

var kindOf = map[string]string{
	"sessions": "checkout.session", "payment_intents": "payment_intent", "charges": "charge", "refunds": "refund",
	"transfers": "transfer", "disputes": "dispute",
}

func account(id string) (int, Object) {
	if !strings.HasPrefix(id, "acct_ok") && !strings.HasPrefix(id, "acct_poor") {
		return http.StatusForbidden, failure("invalid_request_error", "account_invalid", "The provided key does not have access to account "+id)
	}
	return http.StatusOK, Object{"id": id, "object": "account", "capabilities": Object{"transfers": "active"}}
}

func (s *Server) show(id string, r Request) (int, Object) {
	object, ok := s.byID[id]
	if !ok {
		return missing(id)
	}
	return http.StatusOK, s.expanded(object, r, "")
}

// expanded replaces ids by objects where the request asks for it.
func (s *Server) expanded(object Object, r Request, prefix string) Object {
	copied := maps.Clone(object)
	for name, values := range r.Form {
		if strings.HasPrefix(name, "expand") {
			s.expand(copied, strings.TrimPrefix(values[0], prefix))
		}
	}
	return copied
}

// expand replaces the ids along a path: "payment_intent.latest_charge".
func (s *Server) expand(object Object, path string) {
	field, rest, _ := strings.Cut(path, ".")
	inner, ok := s.byID[object.Text(field)]
	if !ok {
		return
	}
	inner = maps.Clone(inner)
	s.expand(inner, rest)
	object[field] = inner
}

// list returns a page, newest first.
func (s *Server) list(kind string, r Request) (int, Object) {
	all := slices.Clone(s.kinds[kind])
	slices.Reverse(all)
	if after := r.Form.Get("starting_after"); after != "" {
		at := slices.IndexFunc(all, func(o Object) bool { return o.Text("id") == after })
		all = all[at+1:]
	}
	limit := 10
	if n, err := strconv.Atoi(r.Form.Get("limit")); err == nil {
		limit = n
	}
	data := []any{}
	more := false
	for _, object := range all {
		if !matches(object, r) {
			continue
		}
		if len(data) == limit {
			more = true
			break
		}
		data = append(data, s.expanded(object, r, "data."))
	}
	return http.StatusOK, Object{"object": "list", "data": data, "has_more": more, "url": r.Path}
}

func matches(object Object, r Request) bool {
	for _, filter := range []string{"payment_intent", "transfer_group", "charge", "destination"} {
		if want := r.Form.Get(filter); want != "" && object.Text(filter) != want {
			return false
		}
	}
	created := object.Number("created")
	bound := func(name string, fits func(limit int64) bool) bool {
		limit, err := strconv.ParseInt(r.Form.Get("created["+name+"]"), 10, 64)
		return err != nil || fits(limit)
	}
	return bound("gte", func(l int64) bool { return created >= l }) && bound("gt", func(l int64) bool { return created > l }) &&
		bound("lt", func(l int64) bool { return created < l }) && bound("lte", func(l int64) bool { return created <= l })
}

// labels reads metadata[...] below prefix.
func labels(r Request, prefix string) map[string]any {
	found := map[string]any{}
	for name, values := range r.Form {
		if key, ok := strings.CutPrefix(name, prefix+"["); ok && strings.HasSuffix(key, "]") {
			found[strings.TrimSuffix(key, "]")] = values[0]
		}
	}
	return found
}

func (s *Server) create(what string, r Request) (int, Object) {
	amount, _ := strconv.ParseInt(r.Form.Get("amount"), 10, 64)
	switch what {
	case "sessions":
		total, _ := strconv.ParseInt(r.Form.Get("line_items[0][price_data][unit_amount]"), 10, 64)
		session := s.add("checkout.session", "cs", Object{
			"status": "open", "payment_status": "unpaid", "amount_total": total, "currency": r.Form.Get("line_items[0][price_data][currency]"),
			"metadata": labels(r, "metadata"), "client_reference_id": r.Form.Get("client_reference_id"), "mode": r.Form.Get("mode"),
			"payment_intent": nil, "expires_at": r.Form.Get("expires_at"), "transfer_group": r.Form.Get("payment_intent_data[transfer_group]"),
			"success_url": r.Form.Get("success_url"), "cancel_url": r.Form.Get("cancel_url"),
			"payment_metadata": labels(r, "payment_intent_data[metadata]"),
		})
		session["url"] = s.URL + pagePath + session.Text("id")
		delete(session, "expires_at")
		return http.StatusOK, session
	case "payment_intents":
		return http.StatusOK, s.add("payment_intent", "pi", Object{
			"status": "requires_confirmation", "amount": amount, "amount_received": int64(0), "currency": r.Form.Get("currency"),
			"metadata": labels(r, "metadata"), "payment_method": r.Form.Get("payment_method"), "transfer_group": r.Form.Get("transfer_group"),
			"client_secret": "a secret of the client",
		})
	case "refunds":
		return s.refund(r, amount)
	case "transfers":
		if strings.HasPrefix(r.Form.Get("destination"), "acct_poor") && s.available(r.Form.Get("currency")) < amount {
			return http.StatusBadRequest, failure("invalid_request_error", "balance_insufficient", "Insufficient funds in your Stripe account.")
		}
		transfer := s.add("transfer", "tr", Object{
			"amount": amount, "amount_reversed": int64(0), "currency": r.Form.Get("currency"), "destination": r.Form.Get("destination"),
			"reversed": false, "transfer_group": r.Form.Get("transfer_group"), "metadata": labels(r, "metadata"),
			"reversals": Object{"object": "list", "data": []any{}, "has_more": false},
		})
		s.tell("transfer.created", transfer)
		return http.StatusOK, transfer
	}
	return missing(what)
}

func (s *Server) change(what, id, verb string) (int, Object) {
	object, ok := s.byID[id]
	if !ok {
		return missing(id)
	}
	switch what + " " + verb {
	case "sessions expire":
		if object["status"] != "open" {
			return http.StatusBadRequest, failure("invalid_request_error", "", "Only Checkout Sessions with a status in [\"open\"] can be expired.")
		}
		object["status"] = "expired"
		s.tell("checkout.session.expired", object)
		return http.StatusOK, object
	case "payment_intents cancel":
		if status := object.Text("status"); status == "succeeded" || status == "canceled" || status == "processing" {
			return http.StatusBadRequest, failure("invalid_request_error", "payment_intent_unexpected_state", "You cannot cancel this PaymentIntent because it has a status of "+status)
		}
		object["status"] = "canceled"
		s.tell("payment_intent.canceled", object)
		return http.StatusOK, object
	case "payment_intents confirm":
		return s.confirm(object)
	}
	return missing(what + "/" + verb)
}
