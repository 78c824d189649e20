package demo

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lancershub/lancershub/collections"
)

// signUp makes accounts, side by side, and confirms their e-mail addresses.
func signUp(people []*person) action {
	return func(ctx context.Context, m *market) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(runtime.GOMAXPROCS(0))
		for _, one := range people {
			group.Go(func() error { return m.signUp(ctx, one) })
		}
		return group.Wait()
	}
}

func (m *market) signUp(ctx context.Context, one *person) error {
	id, err := m.create(ctx, nil, collections.DomainUsers, collections.Users, object{
		"email": one.email, "password": Password, "passwordConfirm": Password,
		collections.UserName: one.name, collections.UserRoles: []string{one.role},
		"headline": one.headline, "bio": one.bio, "skills": one.skills,
		"hourlyRate":              math.Round(one.hourly*rates[one.currency].perEuro/100) * 100,
		collections.FieldCurrency: one.currency, "country": one.country, collections.UserTimezone: one.zone,
	})
	if err != nil {
		return err
	}
	users := m.Instances[collections.DomainUsers].App
	record, err := users.FindRecordById(collections.Users, id)
	if err != nil {
		return fmt.Errorf("failed to find who signed up: %w", err)
	}
	// The link in the mail they would have got.
	token, err := record.NewVerificationToken()
	if err != nil {
		return err
	}
	if err := m.send(ctx, nil, http.MethodPost, collections.DomainUsers, "/api/collections/users/confirm-verification", object{"token": token}, nil); err != nil {
		return fmt.Errorf("failed to confirm an e-mail address: %w", err)
	}
	if one.record, err = users.FindRecordById(collections.Users, id); err != nil {
		return err
	}
	if err := m.showFace(ctx, one); err != nil {
		return err
	}
	one.record, err = users.FindRecordById(collections.Users, id)
	return err
}

func createProject(p *project) action {
	return func(ctx context.Context, m *market) (err error) {
		fields := object{
			collections.FieldTitle: p.title, collections.ProjectDescription: p.description, collections.ProjectCategory: p.trade.category,
			collections.ProjectSkills: p.trade.skills[:3], collections.ProjectBudgetType: "fixed",
			collections.ProjectBudgetMin: p.budgetMin, collections.ProjectBudgetMax: p.budgetMax, collections.FieldCurrency: p.currency,
		}
		if !p.deadline.IsZero() {
			fields[collections.ProjectDeadline] = p.deadline.Format(time.RFC3339)
		}
		p.id, err = m.create(ctx, p.client, collections.DomainProjects, collections.Projects, fields)
		if err == nil && p.files {
			err = m.attach(ctx, p)
		}
		return err
	}
}

func publish(p *project) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, p.client, collections.DomainProjects, collections.Projects, p.id, "publish", object{}, nil)
	}
}

func cancel(p *project) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, p.client, collections.DomainProjects, collections.Projects, p.id, "cancel", object{"reason": p.reason}, nil)
	}
}

func propose(p *project, b *bid) action {
	return func(ctx context.Context, m *market) (err error) {
		b.id, err = m.create(ctx, b.freelancer, collections.DomainProjects, collections.Proposals, object{
			collections.FieldProject: p.id, collections.FieldAmount: b.amount, collections.ProposalDays: b.days, collections.ProposalCoverLetter: b.letter,
			collections.ProposalMilestones: offered(p, b),
		})
		return err
	}
}

func withdraw(b *bid) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, b.freelancer, collections.DomainProjects, collections.Proposals, b.id, "withdraw", object{"reason": b.reason}, nil)
	}
}

func reject(p *project, b *bid) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, p.client, collections.DomainProjects, collections.Proposals, b.id, "reject", object{"reason": b.reason}, nil)
	}
}

// accept hires, and keeps the ids of what that makes.
func accept(c *contract) action {
	return func(ctx context.Context, m *market) error {
		var hired struct {
			Contract   struct{ ID string }
			Milestones []struct{ ID string }
		}
		if err := m.command(ctx, c.project.client, collections.DomainProjects, collections.Proposals, c.bid.id, "accept", object{}, &hired); err != nil {
			return err
		}
		c.id = hired.Contract.ID
		for n, one := range hired.Milestones {
			c.stages[n].id = one.ID
		}
		return nil
	}
}

// begin dates the one milestone of a contract without proposed ones, and finds the
// chat that was opened.
func begin(c *contract) action {
	return func(ctx context.Context, m *market) error {
		var path string
		if first := c.stages[0]; !inSteps(c.project, c.bid) {
			path = "/api/collections/" + collections.Milestones + "/records/" + first.id
			if err := m.send(ctx, c.project.client, http.MethodPatch, collections.DomainProjects, path, milestone(first), nil); err != nil {
				return fmt.Errorf("failed to change a milestone: %w", err)
			}
		}
		var chats struct{ Items []struct{ ID string } }
		path = "/api/collections/" + collections.Chats + "/records?filter=contract%3D%22" + c.id + "%22"
		if err := m.send(ctx, c.project.client, http.MethodGet, collections.DomainMessages, path, nil, &chats); err != nil || len(chats.Items) != 1 {
			return fmt.Errorf("failed to find the chat of a contract among %d: %w", len(chats.Items), err)
		}
		c.chat = chats.Items[0].ID
		return nil
	}
}

func milestone(s *stage) object {
	return object{collections.FieldTitle: s.title, collections.FieldAmount: s.amount, collections.MilestoneDueAt: s.due.Format(time.RFC3339)}
}

func end(c *contract) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, c.project.client, collections.DomainProjects, collections.Contracts, c.id, "end", object{"reason": c.reason}, nil)
	}
}

func sendMessage(c *contract, l line) action {
	return func(ctx context.Context, m *market) error {
		_, err := m.create(ctx, l.from, collections.DomainMessages, collections.Messages, object{collections.FieldChat: c.chat, collections.MessageBody: l.body})
		return err
	}
}

func readChat(c *contract, who *person) action {
	return func(ctx context.Context, m *market) error {
		return m.command(ctx, who, collections.DomainMessages, collections.Chats, c.chat, "read", object{}, nil)
	}
}
