package services

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// Level says how bad a finding is.
type Level string

// The levels of findings. An error means that something does not work or will
// be lost; a warning that it will not be as good as it could be.
const (
	LevelOK      Level = "ok"
	LevelWarning Level = "warning"
	LevelError   Level = "error"
)

// Below tightSpace bytes a disk is nearly full, below noSpace it is about to refuse.
const (
	tightSpace = 5 << 30
	noSpace    = 512 << 20
)

// Finding is one thing doctor looked at.
type Finding struct {
	Level Level `json:"level"`
	// Check is what was looked at: data, keys, schema, rules, settings, mail,
	// storage, events, audit, restore, ledger, reconciliation, provider, durability, disk, port, peers, clock, address, backup.
	Check string `json:"check"`
	// Domain it is about, "" for all.
	Domain  collections.Domain `json:"domain,omitempty"`
	Message string             `json:"message"`
	// Mend says what to do about it; empty when there is nothing to do.
	Mend string `json:"mend,omitempty"`
}

// DoctorOptions says where to look, beside the options of the installation.
type DoctorOptions struct {
	// Domains whose data is here. Default: those that have a folder.
	Domains []collections.Domain
	// Backups is where backups are kept, a folder or s3://BUCKET/PREFIX; "" looks for none.
	Backups string
}

// doctor collects findings.
type doctor struct {
	options  Options
	now      time.Time
	mu       sync.Mutex
	findings []Finding
}

func (d *doctor) add(f Finding) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.findings = append(d.findings, f)
}

func (d *doctor) ok(check string, domain collections.Domain, message string) {
	d.add(Finding{LevelOK, check, domain, message, ""})
}

func (d *doctor) warn(check string, domain collections.Domain, message, mend string) {
	d.add(Finding{LevelWarning, check, domain, message, mend})
}

func (d *doctor) fail(check string, domain collections.Domain, message, mend string) {
	d.add(Finding{LevelError, check, domain, message, mend})
}

// Doctor looks at an installation, running or not, and says what is wrong and
// how to mend it. It changes nothing.
func Doctor(ctx context.Context, options Options, where DoctorOptions) []Finding {
	d := &doctor{options: options.withDefaults(), now: time.Now()}
	d.options.Peers = options.Peers
	domains := d.folders(where.Domains)
	for _, domain := range domains {
		d.data(ctx, domain)
	}
	d.disk()
	d.backups(ctx, where.Backups)
	d.network(ctx)
	d.clock()
	slices.SortStableFunc(d.findings, func(a, b Finding) int { return severity(b.Level) - severity(a.Level) })
	return d.findings
}

func severity(level Level) int {
	return slices.Index([]Level{LevelOK, LevelWarning, LevelError}, level)
}
