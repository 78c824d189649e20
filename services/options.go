package services

import (
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// Options is everything that can be configured, filled once in main. Nothing
// below main reads the environment. The zero value of a field means its default.
type Options struct {
	// DataDir holds one folder per domain. Default ./lh_data.
	DataDir string
	// HTTPAddr is where the gateway (or, for a single domain, the instance) listens. Default 127.0.0.1:8090.
	HTTPAddr string
	// Domains run in this process. Default: all four.
	Domains []collections.Domain
	// Peers are the base URLs of the domains that run elsewhere, without the gateway prefix.
	Peers map[collections.Domain]string
	// PublicURL is where people reach the gateway. Default http://HTTPAddr.
	PublicURL string
	// AllowedOrigins may call the API from another origin. Default: only PublicURL.
	AllowedOrigins []string
	// Dashboards serves the admin UIs under /api/<domain>/_/. Default true (set NoDashboards to close them).
	NoDashboards bool
	// SuperuserIPs may sign in as superuser; empty means any.
	SuperuserIPs []string
	// TrustProxy takes the client's address from X-Forwarded-For. Set it behind a reverse proxy and nowhere else.
	TrustProxy bool
	// NoRateLimits switches off the per-address rate limits (for benchmarks; per-account throttles stay).
	NoRateLimits bool
	// RequireVerified demands a verified e-mail before hiring, proposing or paying.
	RequireVerified bool
	// Company is who runs the marketplace, for invoices: name and address, lines separated by semicolons.
	Company string
	// Storage is where files are kept. Default: the embedded S3 server.
	Storage StorageOptions
	// BackupStorage is the S3 server for backups to s3://…: its address, region and
	// key. Its zero value is the one for files.
	BackupStorage StorageOptions
	// FeePlan is what new contracts are signed under.
	FeePlan FeePlan
	// SmallClaim is the largest disputed amount, in whole units of its currency, that
	// ends half-way between the two positions instead of going to a moderator. Default 50.
	SmallClaim int64
	// FreshAbove are the largest amounts by currency, in minor units, that a client can
	// release at once on a sign-in that is not fresh, where they are not the usual ones (freshAbove).
	FreshAbove map[string]int64
	// MinimumPayouts are the smallest payouts by currency, in minor units, where
	// they are not the usual ones (MinimumPayout).
	MinimumPayouts map[string]int64
	// Provider of payments: sandbox (default) or stripe.
	Provider string
	// Stripe is needed when it is the provider.
	Stripe StripeOptions
	// ConfirmWithin is how long a client has to confirm a payment with the provider. Default 1 hour.
	ConfirmWithin time.Duration
	// Clocks are the lengths of deadlines by kind, where they are not the usual ones.
	Clocks map[string]Timer
	// MailAfter is how long something must be unread before a mail tells of it. Default 10 minutes.
	MailAfter time.Duration
	// LinkPreviews lets the server look at the pages that messages link to. Default: it does not.
	LinkPreviews bool
	// PreviewNetworks are networks that are not public, to which links may lead nevertheless.
	PreviewNetworks []netip.Prefix
	// Clock is the time. Default: the system's.
	Clock Clock
	// Durability of commits. Default DurabilityGroup.
	Durability Durability
	// DecideAfter is how long a payment may stay pending before it is decided as failed. Default 2 minutes.
	DecideAfter time.Duration
	// PeerTimeout bounds one synchronous check. Default 5 seconds.
	PeerTimeout time.Duration
	// SweepEvery is how often unfinished work is looked for, beside being woken by commits. Default 5 seconds.
	SweepEvery time.Duration
	// Manual runs no background work: tests and the demo loader call Drain.
	Manual bool
	// Logger gets operational messages. Default: text on Stderr.
	Logger *slog.Logger
	// Stderr gets messages before a logger exists. Default os.Stderr.
	Stderr io.Writer

	// public is set by Start: the web app, of which projects fills in the first pages.
	public fs.FS
	// stores is set by Start: it waits for the storage, which starts beside the databases.
	stores func() (*stores, error)
	// beside leaves no trace in the data folder: another process may serve it.
	beside bool
}

// Durability says what a commit survives.
type Durability string

// With DurabilityGroup and DurabilityFull, acknowledged means that it survives
// power loss: Full syncs the write-ahead log on every commit, Group once for all
// who wait at that moment (walSync), which is as safe and costs far less.
// DurabilityNormal survives a crash of the process only; DurabilityOff is for
// loading demo data into a folder that can be thrown away.
const (
	DurabilityGroup  Durability = "GROUP"
	DurabilityFull   Durability = "FULL"
	DurabilityNormal Durability = "NORMAL"
	DurabilityOff    Durability = "OFF"
)

// Default values of Options.
const (
	DefaultDataDir  = "./lh_data"
	DefaultHTTPAddr = "127.0.0.1:8090"
)

// withDefaults returns a copy of o in which every default is filled in.
func (o Options) withDefaults() Options {
	setDefault(&o.DataDir, DefaultDataDir)
	setDefault(&o.HTTPAddr, DefaultHTTPAddr)
	setDefault(&o.PublicURL, "http://"+o.HTTPAddr)
	setDefault(&o.Durability, DurabilityGroup)
	setDefault(&o.DecideAfter, 2*time.Minute)
	setDefault(&o.Storage.Prefix, "lancershub")
	setDefault(&o.PeerTimeout, 5*time.Second)
	setDefault(&o.SmallClaim, 50)
	setDefault(&o.Provider, ProviderSandbox)
	setDefault(&o.ConfirmWithin, time.Hour)
	setDefault(&o.SweepEvery, 5*time.Second)
	setDefault(&o.MailAfter, 10*time.Minute)
	if len(o.Domains) == 0 {
		o.Domains = collections.Domains
	}
	if len(o.AllowedOrigins) == 0 {
		o.AllowedOrigins = []string{o.PublicURL}
	}
	if o.FeePlan == (FeePlan{}) {
		o.FeePlan = DefaultFeePlan
	}
	o.Clocks = withClocks(o.Clocks)
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(o.Stderr, nil))
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
