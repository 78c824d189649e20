package services

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/lancershub/lancershub/collections"
)

// MetricsPath answers in the text format of Prometheus (exposition format 0.0.4).
// It is for the operator: the gateways do not publish it.
const MetricsPath = "/metrics"

// metric is one gauge.
type metric struct {
	name, help string
	value      float64
}

// Metrics are the figures of this instance that an operator watches.
func (i *Instance) Metrics() (string, error) {
	backlog, err := i.relay.Backlog()
	if err != nil {
		return "", err
	}
	metrics := []metric{
		{"outbox_ready", "Events that wait to be told to another instance.", float64(backlog.Ready)},
		{"outbox_parked", "Events given up after a day of trying.", float64(backlog.Parked)},
		{"outbox_oldest_seconds", "Age of the oldest event that waits.", float64(backlog.OldestSeconds)},
	}
	switch i.Domain {
	case collections.DomainPayments:
		metrics, err = i.moneyMetrics(metrics)
	case collections.DomainProjects:
		var stale float64
		err = i.App.ConcurrentDB().NewQuery(fmt.Sprintf(`SELECT count(*) FROM reservations WHERE state = 'reserved' AND decide_by < %d`, i.Clock.Now().UnixMilli())).Row(&stale)
		metrics = append(metrics, metric{"reservations_stale", "Milestones kept for a payment that should be decided by now.", stale})
	}
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, m := range metrics {
		name := "lancershub_" + m.name
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s gauge\n%s{domain=%q} %g\n", name, m.help, name, name, i.Domain, m.value)
	}
	return text.String(), nil
}

func (i *Instance) moneyMetrics(metrics []metric) ([]metric, error) {
	var undecided, unsent float64
	if err := i.App.ConcurrentDB().NewQuery(`SELECT (SELECT count(*) FROM payments WHERE status = 'pending'), (SELECT count(*) FROM payouts WHERE status = 'requested' AND status IN ('requested', 'sent'))`).Row(&undecided, &unsent); err != nil {
		return nil, err
	}
	metrics = append(metrics,
		metric{"payments_undecided", "Payments that are neither held nor failed.", undecided},
		metric{"payouts_requested", "Payouts that were not sent yet.", unsent})
	last, err := LastReconciliation(i.App)
	if err != nil || last == nil {
		return metrics, err
	}
	return append(metrics,
		metric{"unexplained", "Things that did not agree in the last reconciliation. Must be 0.", float64(last.Unexplained)},
		metric{"reconciliation_age_seconds", "How long ago the last reconciliation began.", float64(i.Clock.Now().UnixMilli()-last.At) / 1000},
		metric{"reconciliation_seconds", "How long the last reconciliation took.", float64(last.TookMS) / 1000},
		metric{"ledger_transactions", "Transactions in the ledger.", float64(last.Transactions)}), nil
}

// mayWatch tells whether a request to the gateway may read the metrics: from an
// address that superusers may come from or, where none are listed, from this
// machine itself and past no proxy.
func (g *Gateway) mayWatch(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		if r.Header.Get(header) != "" {
			return false // what a proxy claims about its client is not looked at here
		}
	}
	if len(g.options.SuperuserIPs) > 0 {
		return slices.Contains(g.options.SuperuserIPs, host)
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// capture is an answer that is kept instead of sent.
type capture struct {
	header http.Header
	status int
	body   strings.Builder
}

func (c *capture) Header() http.Header            { return c.header }
func (c *capture) WriteHeader(status int)         { c.status = status }
func (c *capture) Write(part []byte) (int, error) { return c.body.Write(part) }

// writeMetrics asks all domains and puts their answers together: what a metric is
// may be said only once.
func (g *Gateway) writeMetrics(w http.ResponseWriter, r *http.Request) {
	said := map[string]bool{}
	samples := map[string][]string{}
	order := []string{}
	for _, domain := range collections.Domains {
		answer := &capture{header: http.Header{}, status: http.StatusOK}
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = MetricsPath, ""
		g.domains[domain].ServeHTTP(answer, inner)
		if answer.status != http.StatusOK {
			continue
		}
		name := ""
		for line := range strings.Lines(answer.body.String()) {
			if rest, is := strings.CutPrefix(line, "# HELP "); is {
				name, _, _ = strings.Cut(rest, " ")
				if !slices.Contains(order, name) {
					order = append(order, name)
				}
			}
			if !strings.HasPrefix(line, "#") || !said[line] {
				samples[name] = append(samples[name], line)
			}
			said[line] = true
		}
	}
	w.Header().Set("Content-Type", MetricsType)
	w.Header().Set("Cache-Control", "no-store")
	for _, name := range order {
		for _, line := range samples[name] {
			_, _ = w.Write([]byte(line)) // the client may have left
		}
	}
}

// MetricsType is the content type of metrics.
const MetricsType = "text/plain; version=0.0.4; charset=utf-8"
