package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// network looks at the port of this process and at its peers.
func (d *doctor) network(ctx context.Context) {
	client := &http.Client{Timeout: 5 * time.Second}
	_, body, err := d.get(ctx, client, "http://"+d.options.HTTPAddr+ReadyPath)
	switch {
	case err == nil && d.readiness(body):
	case err == nil:
		d.fail("port", "", "something that is not LancersHub answers at "+d.options.HTTPAddr, "choose another address with --http, or stop the other program")
	case errors.Is(err, syscall.ECONNREFUSED):
		d.freePort(ctx)
	default:
		d.fail("port", "", fmt.Sprintf("%s does not answer as it should: %v", d.options.HTTPAddr, err), "look at the log of the marketplace; start it again if it hangs")
	}
	for _, domain := range collections.Domains {
		if base := d.options.Peers[domain]; base != "" {
			d.peer(ctx, client, domain, base)
		}
	}
}

func (d *doctor) freePort(ctx context.Context) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", d.options.HTTPAddr)
	if err != nil {
		d.fail("port", "", fmt.Sprintf("nothing answers at %s, and it is not free either: %v", d.options.HTTPAddr, err), "choose another address with --http (ports below 1024 need rights: use a reverse proxy or systemd's AmbientCapabilities)")
		return
	}
	_ = listener.Close()
	d.warn("port", "", "the marketplace is not running at "+d.options.HTTPAddr, "start it: lancershub serve; or say with --http where it runs")
}

// readiness reads what /readyz says: of one instance, or of all.
func (d *doctor) readiness(body []byte) bool {
	var all Overview
	if json.Unmarshal(body, &all) == nil && len(all.Domains) > 0 {
		for _, domain := range collections.Domains {
			if ready := all.Domains[domain]; ready != nil {
				d.oneReady(*ready)
			} else {
				d.fail("peers", domain, "it does not answer", "start it, and look at its log if it does not stay up")
			}
		}
		return true
	}
	var ready Readiness
	if json.Unmarshal(body, &ready) == nil && ready.Domain != "" {
		d.oneReady(ready)
		return true
	}
	return false
}

func (d *doctor) oneReady(ready Readiness) {
	fine := true
	for name, state := range ready.Checks {
		if state != "ok" {
			fine = false
			d.fail("peers", ready.Domain, name+": "+state, mendReadiness(name))
		}
	}
	if fine {
		d.ok("peers", ready.Domain, "it is running and ready")
	}
}

func mendReadiness(check string) string {
	switch name, peer, _ := strings.Cut(check, " "); name {
	case "peer":
		return "is " + peer + " running, and does --peer " + peer + "=… name its address?"
	case "database":
		return "is the disk full or read-only? See the disk finding"
	case "storage":
		return "is the S3 server running, and are its address and keys right?"
	default:
		return "look at the log of the marketplace"
	}
}

// peer asks a domain that runs elsewhere, and compares its clock.
func (d *doctor) peer(ctx context.Context, client *http.Client, domain collections.Domain, base string) {
	before := time.Now()
	header, body, err := d.get(ctx, client, base+ReadyPath)
	if err != nil {
		d.fail("peers", domain, fmt.Sprintf("%s does not answer: %v", base, err), "is it running, and is the address right? --peer "+string(domain)+"=http://HOST:PORT")
		return
	}
	var ready Readiness
	if json.Unmarshal(body, &ready) != nil || ready.Domain != domain {
		d.fail("peers", domain, base+" answers, but it is not "+string(domain), "correct --peer "+string(domain)+"=…")
		return
	}
	d.oneReady(ready)
	if theirs, err := http.ParseTime(header.Get("Date")); err == nil {
		d.skew(domain, theirs, before, time.Now())
	}
}

// skew compares clocks. A service token lives a minute, so a clock that is half
// a minute off makes peers refuse each other now and then.
func (d *doctor) skew(domain collections.Domain, theirs, before, after time.Time) {
	off := time.Duration(0) // the header has whole seconds
	if theirs.Add(time.Second).Before(before) {
		off = before.Sub(theirs)
	} else if theirs.After(after) {
		off = theirs.Sub(after)
	}
	const mend = "run a time service (chrony, systemd-timesyncd) on both machines"
	switch {
	case off > 20*time.Second:
		d.fail("clock", domain, fmt.Sprintf("its clock is %s off: peers refuse tokens from the future or the past", off.Round(time.Second)), mend)
	case off > 3*time.Second:
		d.warn("clock", domain, fmt.Sprintf("its clock is %s off", off.Round(time.Second)), mend)
	default:
		d.ok("clock", domain, "its clock agrees with this machine's")
	}
}

func (d *doctor) get(ctx context.Context, client *http.Client, url string) (http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close() //nolint:errcheck // read to the end below
	body, err := io.ReadAll(io.LimitReader(res.Body, maxPeerAnswerSize))
	return res.Header, body, err
}

// problems tells whether any finding is an error.
func problems(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Level == LevelError })
}

// ErrUnwell is returned by an installation with errors among its findings.
var ErrUnwell = errors.New("something is wrong (see above)")

// Verdict returns ErrUnwell if any finding is an error.
func Verdict(findings []Finding) error {
	if problems(findings) {
		return ErrUnwell
	}
	return nil
}
