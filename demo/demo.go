// Package demo fills an empty data folder with a marketplace that has been busy
// for three years: people, projects, proposals, contracts, chats and money. It
// is all made over the marketplace's own HTTP routes, with the clock moved
// through those years, so every rule that binds a user has bound the demo too.
// The same seed on the same day gives the same data, apart from ids and secrets.
package demo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
)

// The accounts to try. Everybody in the demo has the same password, so the data
// is for looking around and for nothing else.
const (
	ClientEmail     = "client@demo.lancershub.example"
	FreelancerEmail = "freelancer@demo.lancershub.example"
	Password        = "lancershub-demo"
)

// Size is how much is made.
type Size struct{ People, Projects, Proposals, Months int }

// Full is what the command loads. Small is for tests: everything occurs in it.
var (
	Full  = Size{People: 60, Projects: 200, Proposals: 800, Months: 36}
	Small = Size{People: 14, Projects: 30, Proposals: 80, Months: 4}
)

// Options say what to load and where.
type Options struct {
	// DataDir is the data folder of the marketplace; it must have no users.
	DataDir string
	Seed    uint64
	// Now is the present; the data ends there. Default: the system's time.
	Now time.Time
	// Size defaults to Full.
	Size Size
	// Out gets the progress: one line that is rewritten if Terminal, else a line per tenth.
	Out      io.Writer
	Terminal bool
	Logger   *slog.Logger
}

// ErrHalfFilled means that the loading stopped before its end.
var ErrHalfFilled = errors.New("the demo data is incomplete")

// Load fills the data folder. When it returns without error everything is on
// the disk, all events are delivered and the ledger adds up. It fails with
// demo_not_empty, and changes nothing, if the folder has users already; if it is
// stopped by ctx, the folder is left half-filled.
func Load(ctx context.Context, o Options) error {
	if o.DataDir == "" {
		o.DataDir = services.DefaultDataDir
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Size == (Size{}) {
		o.Size = Full
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if err := refuseUsed(o.DataDir); err != nil {
		return err
	}
	p := newPlan(o.Seed, o.Now, o.Size)
	steps := p.steps()
	clock := services.NewSetClock(steps[0].at)
	// Requests are not cut short by an interrupt: the loader stops between two.
	marketplace, err := services.Start(context.WithoutCancel(ctx), services.Options{
		DataDir: o.DataDir, HTTPAddr: "127.0.0.1:0", Clock: clock, Manual: true, NoRateLimits: true, NoDashboards: true,
		Durability: services.DurabilityOff, DecideAfter: undecidedFor, Logger: o.Logger,
	}, bind, embed.FS{})
	if err != nil {
		return err
	}
	// Only now is the folder ours: nobody else has it open.
	err = markUnfinished(o.DataDir)
	if err == nil {
		err = newMarket(marketplace, clock).load(ctx, p, steps, newProgress(o.Out, o.Terminal, len(steps)))
	}
	if err = errors.Join(err, marketplace.Close()); err == nil {
		err = finish(o.DataDir)
	}
	if err != nil {
		return fmt.Errorf("%w: %w: the folder %s is half-filled (%s) and can be deleted", ErrHalfFilled, err, o.DataDir, CodeHalfFilled)
	}
	return nil
}

// load fills the marketplace, checks the result and makes it safe to close.
func (m *market) load(ctx context.Context, p *plan, steps []step, progress *progress) error {
	defer progress.stop()
	if err := m.fill(ctx, p, steps, progress); err != nil {
		return err
	}
	if m.clock.Now().Before(p.now) {
		m.clock.Set(p.now)
	}
	if err := services.NewPayments(m.Instances[collections.DomainPayments]).LearnPipeline(ctx); err != nil {
		return err
	}
	progress.phase("Reading old notifications")
	if err := m.readNotifications(ctx, p); err != nil {
		return err
	}
	progress.phase("Checking")
	for _, domain := range collections.Domains {
		if err := m.Instances[domain].Prune(); err != nil {
			return err
		}
	}
	if err := m.check(); err != nil {
		return err
	}
	return m.checkpoint()
}

// undecidedFor is how long the payments that wait for a bank may do so. It is
// longer than usual, so that somebody who tries the demo still finds them.
const undecidedFor = 72 * time.Hour

// bind binds the hooks and switches the request log off: requests that nobody
// made do not belong there, and writing them takes a third of the time.
func bind(i *services.Instance) error {
	i.App.Settings().Logs.MaxDays = 0 // in memory only
	return hooks.Bind(i)
}

// fill carries out the steps, each at its time.
func (m *market) fill(ctx context.Context, p *plan, steps []step, progress *progress) error {
	working := context.WithoutCancel(ctx)
	for _, next := range steps {
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err := m.forecastMonths(working, next.at, p.now); err != nil {
			return err
		}
		if next.at.After(m.clock.Now()) {
			m.clock.Set(next.at)
		}
		if err := next.do(working, m); err != nil {
			return fmt.Errorf("%s: %w", m.clock.Now().Format(time.RFC3339), err)
		}
		if next.emits {
			if err := m.Drain(working); err != nil {
				return err
			}
		}
		progress.step(m.clock.Now().Format("January 2006"))
	}
	return nil
}

// forecastFor is how many months of stored forecasts the demo has: enough for
// everybody to see how theirs came true.
const forecastFor = 10

// forecastMonths stores the forecasts of a night, as a marketplace that runs would,
// at the beginning of each month that the clock is about to pass, and scores those before.
func (m *market) forecastMonths(ctx context.Context, next, now time.Time) error {
	if m.night.IsZero() {
		// The 1st or the 2nd in every time zone.
		m.night = time.Date(now.Year(), now.Month()-forecastFor, 1, 15, 0, 0, 0, time.UTC)
	}
	for ; m.night.Before(next); m.night = m.night.AddDate(0, 1, 0) {
		if m.night.After(m.clock.Now()) {
			m.clock.Set(m.night)
		}
		payments := services.NewPayments(m.Instances[collections.DomainPayments])
		var err error
		if m.night.Month()%3 == 0 {
			err = payments.LearnPipeline(ctx)
		}
		if err = errors.Join(err, payments.RefreshForecasts(ctx)); err != nil {
			return fmt.Errorf("failed to make the forecasts of %s: %w", m.night.Format("January 2006"), err)
		}
	}
	return nil
}

var errInterrupted = errors.New("interrupted")
