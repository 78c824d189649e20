package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// pay asks to fund a milestone from a test source of the sandbox.
func pay(ctx context.Context, m *market, c *contract, s *stage, source string) (string, error) {
	return m.create(ctx, c.project.client, collections.DomainPayments, collections.Payments, object{
		collections.FieldProject: c.project.id, collections.FieldMilestone: s.id,
		collections.FieldAmount: s.amount, collections.FieldCurrency: c.project.currency, collections.PaymentSource: source,
	})
}

func fund(c *contract, s *stage) action {
	return func(ctx context.Context, m *market) (err error) {
		s.payment, err = pay(ctx, m, c, s, services.SourceSuccess)
		return err
	}
}

// fundDeclined tries a card that is declined.
func fundDeclined(c *contract, s *stage) action {
	return expectRefusal(c, s, services.SourceDeclined, services.CodePaymentDeclined)
}

// fundUndecided pays through a bank that takes its time.
func fundUndecided(c *contract, s *stage) action {
	return expectRefusal(c, s, services.SourcePending, services.CodeProviderPending)
}

func expectRefusal(c *contract, s *stage, source, code string) action {
	return func(ctx context.Context, m *market) error {
		_, err := pay(ctx, m, c, s, source)
		var no *refused
		if errors.As(err, &no) && no.code == code {
			return nil
		}
		return fmt.Errorf("expected %s when paying from %s, got: %w", code, source, err)
	}
}

func submit(c *contract, s *stage) action {
	return func(ctx context.Context, m *market) error {
		note := "Everything is in the shared folder."
		if c.project.files {
			note = "Everything is in the files."
			if err := m.handOver(ctx, c, s); err != nil {
				return err
			}
		}
		return m.command(ctx, c.bid.freelancer, collections.DomainProjects, collections.Milestones, s.id, "submit", object{"note": note}, nil)
	}
}

func requestChanges(c *contract, s *stage) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, c.project.client, collections.DomainProjects, collections.Milestones, s.id, "request-changes", object{"note": s.note}, nil)
	}
}

func approve(c *contract, s *stage) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, c.project.client, collections.DomainProjects, collections.Milestones, s.id, "approve", object{}, nil)
	}
}

// release pays out what is held: amount of it, or all for 0.
func release(c *contract, s *stage, amount int64) action {
	body := object{}
	if amount > 0 {
		body[collections.FieldAmount] = amount
	}
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, c.project.client, collections.DomainPayments, collections.Payments, s.payment, "release", body, nil)
	}
}

// refund gives back what is still held.
func refund(c *contract, s *stage) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, c.bid.freelancer, collections.DomainPayments, collections.Payments, s.payment, "refund", object{"reason": s.note}, nil)
	}
}
