package services

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/lancershub/lancershub/collections"
)

const checkAudit = "audit"

// Readiness says whether an instance can do its work, and if not, why.
type Readiness struct {
	Ready  bool               `json:"ready"`
	Domain collections.Domain `json:"domain"`
	// Checks maps what was looked at to "ok" or what is wrong with it.
	Checks map[string]string `json:"checks"`
	Outbox Backlog           `json:"outbox"`
}

// Ready looks at the database, the outbox and the peers. A silent peer is
// reported but does not make this instance unready: it still serves what it can.
func (i *Instance) Ready(ctx context.Context) Readiness {
	ready := Readiness{Ready: true, Domain: i.Domain, Checks: map[string]string{"database": "ok"}}
	// A write that changes nothing still needs the writer and a writable disk.
	if _, err := i.App.NonconcurrentDB().Delete("revoked", dbx.HashExp{"sid": ""}).WithContext(ctx).Execute(); err != nil {
		ready.Ready, ready.Checks["database"] = false, err.Error()
	}
	if i.wal != nil && i.wal.Failed() != nil {
		ready.Ready, ready.Checks["disk"] = false, i.wal.Failed().Error()
	}
	if i.Files != nil {
		ready.Checks["storage"] = "ok" // files alone do not make an instance unready
		if err := i.Files.Available(ctx); err != nil {
			ready.Checks["storage"] = "does not answer"
		}
	}
	backlog, err := i.relay.Backlog()
	if err != nil {
		ready.Ready, ready.Checks["outbox"] = false, err.Error()
	}
	ready.Outbox = backlog
	if backlog.Parked > 0 {
		ready.Checks["outbox"] = "events are parked: look at the outbox in the admin UI"
	}
	ready.Checks[checkAudit] = i.audited()
	if i.Domain == collections.DomainPayments {
		ready.Checks["reconciliation"] = i.reconciled()
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var mu sync.Mutex
	var wait sync.WaitGroup
	for domain, peer := range i.Peers {
		wait.Go(func() {
			state := "ok"
			if status, _, err := peer.Get(ctx, HealthPath); err != nil || status != http.StatusOK {
				state = "does not answer"
			}
			mu.Lock()
			defer mu.Unlock()
			ready.Checks["peer "+string(domain)] = state
		})
	}
	wait.Wait()
	return ready
}

// reconciled says how the last reconciliation went. It makes nobody unready: money
// that does not add up is looked at best while everything runs.
func (i *Instance) reconciled() string {
	last, err := LastReconciliation(i.App)
	switch {
	case err != nil:
		return err.Error()
	case last == nil:
		return "not yet"
	case last.Unexplained > 0:
		return fmt.Sprintf("%d things do not agree: look at reconciliations in the admin UI", last.Unexplained)
	}
	return "ok"
}

// Overview is the readiness of the whole marketplace.
type Overview struct {
	Ready   bool                              `json:"ready"`
	Domains map[collections.Domain]*Readiness `json:"domains"`
}

// ReadyAll looks at this instance and asks its peers for theirs. A domain that
// does not answer is null, and the marketplace is not ready.
func (i *Instance) ReadyAll(ctx context.Context) Overview {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	all := Overview{Ready: true, Domains: map[collections.Domain]*Readiness{}}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, domain := range collections.Domains {
		wait.Go(func() {
			ready := i.readyOf(ctx, domain)
			mu.Lock()
			defer mu.Unlock()
			all.Domains[domain] = ready
			all.Ready = all.Ready && ready != nil && ready.Ready
		})
	}
	wait.Wait()
	return all
}

func (i *Instance) readyOf(ctx context.Context, domain collections.Domain) *Readiness {
	if domain == i.Domain {
		ready := i.Ready(ctx)
		return &ready
	}
	_, raw, err := i.Peers[domain].Get(ctx, ReadyPath)
	var ready Readiness
	if err != nil || json.Unmarshal(raw, &ready) != nil || ready.Domain != domain {
		return nil
	}
	return &ready
}
