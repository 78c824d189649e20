package stripesim

import (
	"html/template"
	"net/http"
	"strings"
)

// pagePath is where the page of a session is, on which its client pays.
const pagePath = "/pay/"

// page looks like nothing of Stripe's, but does what Checkout does: a refused card
// may be followed by another one, and there is a way back without paying.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta name="viewport" content="width=device-width"><title>Checkout</title>
<h1>Pay {{.Amount}} {{.Currency}}</h1>
{{if .Refused}}<p role="alert">Your card was declined. Try another one.</p>{{end}}
{{if .Open}}<form method="post"><button name="card" value="` + CardOK + `">Pay with a good card</button> <button name="card" value="` + CardDeclined + `">Pay with a bad card</button></form>
{{else}}<p>This page is not open any more.</p>{{end}}
<p><a href="{{.Back}}">Back to the marketplace</a></p></html>`))

// servePage shows the page of a session, and takes what its client does there.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request, card string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.byID[strings.TrimPrefix(r.URL.Path, pagePath)]
	if session == nil {
		http.NotFound(w, r)
		return
	}
	open := session["status"] == "open"
	if open && card == CardOK {
		s.complete(session)
		http.Redirect(w, r, session.Text("success_url"), http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, map[string]any{
		"Amount": session["amount_total"], "Currency": session["currency"], "Back": session["cancel_url"],
		"Open": open, "Refused": open && card == CardDeclined,
	})
}
