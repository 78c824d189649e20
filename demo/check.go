package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/tools/types"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// unreadDays is how far back notifications are left unread.
const unreadDays = 2

// readNotifications lets the two demo accounts have read what is old.
func (m *market) readNotifications(ctx context.Context, p *plan) error {
	before := p.day.AddDate(0, 0, -unreadDays).UTC().Format(types.DefaultDateLayout)
	for _, one := range []*person{p.clients[0], p.freelancers[0]} {
		for {
			if ctx.Err() != nil {
				return errInterrupted
			}
			var page struct {
				Items []struct {
					ID      string
					Created types.DateTime
				}
			}
			query := url.Values{"perPage": {"200"}, "skipTotal": {"1"}, "fields": {"id,created"}, "filter": {"readAt = '' && created < '" + before + "'"}}
			path := "/api/collections/" + collections.Notifications + "/records"
			if err := m.send(ctx, one, http.MethodGet, collections.DomainMessages, path+"?"+query.Encode(), nil, &page); err != nil {
				return fmt.Errorf("failed to list notifications: %w", err)
			}
			if len(page.Items) == 0 {
				break
			}
			for _, item := range page.Items {
				read := object{collections.NotificationReadAt: item.Created.Time().Add(3 * time.Hour).Format(time.RFC3339)}
				if err := m.send(context.WithoutCancel(ctx), one, http.MethodPatch, collections.DomainMessages, path+"/"+item.ID, read, nil); err != nil {
					return fmt.Errorf("failed to read a notification: %w", err)
				}
			}
		}
	}
	return nil
}

// check makes sure that the money adds up and that every event arrived.
func (m *market) check() error {
	report, err := services.VerifyLedger(context.Background(), m.Instances[collections.DomainPayments].App)
	if err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return fmt.Errorf("the ledger does not add up: %s", strings.Join(report.Problems, "; "))
	}
	for _, domain := range collections.Domains {
		ready := m.Instances[domain].Ready(context.Background())
		if left := ready.Outbox.Ready + ready.Outbox.Parked; !ready.Ready || left > 0 {
			return fmt.Errorf("%s is not done: %d events are left, checks %v", domain, left, ready.Checks)
		}
	}
	return nil
}

// checkpoint moves everything out of the write-ahead logs into the databases.
func (m *market) checkpoint() error {
	for _, domain := range collections.Domains {
		app := m.Instances[domain].App
		if err := app.Vacuum(); err != nil {
			return fmt.Errorf("failed to compact %s: %w", domain, err)
		}
		var result struct {
			Busy int `db:"busy"`
		}
		if err := app.NonconcurrentDB().NewQuery("PRAGMA wal_checkpoint(TRUNCATE)").One(&result); err != nil {
			return fmt.Errorf("failed to checkpoint %s: %w", domain, err)
		}
		if result.Busy != 0 {
			return fmt.Errorf("failed to checkpoint %s: it is busy", domain)
		}
	}
	return nil
}
