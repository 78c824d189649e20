package services

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/lancershub/lancershub/collections"
)

// Marketplace is the running program: the instances of this process and, if all
// four can be reached, the gateway in front of them.
type Marketplace struct {
	Options   Options
	Instances map[collections.Domain]*Instance
	// Addr is where it listens, with the port the system chose if none was given.
	Addr string
	// URL is where people reach it.
	URL string

	server   *http.Server
	stores   *stores
	listener net.Listener
	failed   chan error
	cancel   context.CancelFunc
	closing  sync.Once
	closed   error
}

// Bind attaches hooks and routes to an instance before it serves. main passes
// hooks.Bind: services does not know the HTTP side of itself.
type Bind func(*Instance) error

// Start opens the data folders and serves. A process that runs one domain
// listens for its peers and the gateway; one that runs all four, or none
// (gateway only), listens for people.
func Start(ctx context.Context, options Options, bind Bind, public fs.FS) (*Marketplace, error) {
	tuneRuntime()
	gatewayOnly := options.Domains != nil && len(options.Domains) == 0
	domains := options.Domains
	options = options.withDefaults()
	if gatewayOnly {
		options.Domains = domains
	}
	if slices.Contains(options.Domains, collections.DomainPayments) {
		if err := options.checkProvider(); err != nil {
			return nil, err
		}
	}
	m := &Marketplace{Options: options, Instances: map[collections.Domain]*Instance{}, failed: make(chan error, 8)}
	listener, err := listen(ctx, options.HTTPAddr)
	if err != nil {
		return nil, err
	}
	m.listener, m.Addr = listener, listener.Addr().String()
	m.URL = options.PublicURL
	m.Options.public = public
	m.Options.stores = sync.OnceValues(func() (*stores, error) { return openStores(ctx, options, options.Domains) })
	ctx, m.cancel = context.WithCancel(ctx)
	if err := m.start(ctx, bind, public); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Marketplace) start(ctx context.Context, bind Bind, public fs.FS) error {
	if err := os.MkdirAll(m.Options.DataDir, 0o700); err != nil {
		return fmt.Errorf("failed to create the data folder %s: %w", m.Options.DataDir, err)
	}
	opened := make(chan error, 1)
	go func() { // most of the time until everything is ready goes into SQLite
		var err error
		m.stores, err = m.Options.stores()
		opened <- err
	}()
	failed := m.openAll()
	if err := <-opened; err != nil {
		return err // each instance has failed with it
	}
	if failed != nil {
		return failed
	}
	pipes, err := m.connect(ctx)
	if err != nil {
		return err
	}
	for _, domain := range m.Options.Domains {
		instance := m.Instances[domain]
		instance.openBucket(ctx)
		if err := instance.importLocal(ctx); err != nil {
			return err
		}
		if err := bind(instance); err != nil {
			return fmt.Errorf("failed to bind %s: %w", domain, err)
		}
		var listener net.Listener = pipes[domain]
		if !m.hasGateway() {
			listener = m.listener
		}
		var files http.Handler
		if !m.hasGateway() {
			if files, err = m.publicStorage(); err != nil {
				return err
			}
		}
		if err := instance.serve(ctx, listener, files); err != nil {
			return err
		}
	}
	for _, instance := range m.Instances {
		go instance.Verifier.Warm()
	}
	if m.hasGateway() {
		return m.serveGateway(ctx, public)
	}
	return nil
}

// hasGateway tells whether this process is the public door.
func (m *Marketplace) hasGateway() bool { return len(m.Options.Domains) != 1 }

// openAll opens the instances side by side: most of the time goes into SQLite.
func (m *Marketplace) openAll() error {
	var mu sync.Mutex
	var wait sync.WaitGroup
	var errs []error
	for _, domain := range m.Options.Domains {
		wait.Go(func() {
			instance, err := OpenInstance(domain, m.Options)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return
			}
			m.Instances[domain] = instance
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// connect gives every instance its peers: through a pipe in this process, or
// across the network by URL.
func (m *Marketplace) connect(ctx context.Context) (map[collections.Domain]*pipeListener, error) {
	pipes := map[collections.Domain]*pipeListener{}
	for _, domain := range m.Options.Domains {
		pipes[domain] = newPipeListener()
	}
	for _, instance := range m.Instances {
		for _, peer := range collections.Domains {
			base, client := "http://"+string(peer)+".internal", &http.Client{}
			if pipe := pipes[peer]; pipe != nil {
				if peer == instance.Domain && len(m.Options.Domains) == 1 {
					base, client.Transport = "http://"+m.Addr, &http.Transport{}
				} else {
					client.Transport = &http.Transport{DialContext: pipe.DialContext, MaxIdleConnsPerHost: 32}
				}
			} else if base = m.Options.Peers[peer]; base == "" {
				return nil, fmt.Errorf("%s runs alone, so it must be told where %s is: --peer %s=http://HOST:PORT (peer_missing)", instance.Domain, peer, peer)
			} else {
				client.Transport = &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute}
			}
			instance.addPeer(ctx, peer, base, client)
		}
		instance.relay = newRelay(instance)
	}
	return pipes, nil
}

// addPeer makes a domain reachable and its keys acceptable.
func (i *Instance) addPeer(ctx context.Context, domain collections.Domain, base string, client *http.Client) {
	if domain == collections.DomainUsers {
		i.Verifier.Trust(ctx, string(domain), base+PublicKeysPath, client)
	}
	if domain == i.Domain {
		return
	}
	i.Verifier.Trust(ctx, serviceSource(domain), base+InternalKeys, client)
	client = &http.Client{Transport: i.Outward(client.Transport)}
	i.Peers[domain] = newPeer(domain, base, client, backgroundPatience*i.Options.PeerTimeout, reusedToken(i.Keys, i.Clock, i.Domain, domain))
}

// serveGateway opens the public door.
func (m *Marketplace) serveGateway(ctx context.Context, public fs.FS) error {
	handlers := map[collections.Domain]http.Handler{}
	for _, domain := range collections.Domains {
		if instance := m.Instances[domain]; instance != nil {
			handlers[domain] = instance.Handler()
			continue
		}
		base, err := url.Parse(m.Options.Peers[domain])
		if err != nil || base.Host == "" {
			return fmt.Errorf("the gateway must be told where %s is: --peer %s=http://HOST:PORT (peer_missing)", domain, domain)
		}
		handlers[domain] = proxyTo(domain, base, m.Options.TrustProxy)
	}
	files, err := m.publicStorage()
	if err != nil {
		return err
	}
	m.server = &http.Server{
		Handler:           NewGateway(m.Options, handlers, files, public),
		ReadHeaderTimeout: 30 * time.Second,
		ReadTimeout:       5 * time.Minute,
		WriteTimeout:      5 * time.Minute, // lifted by PocketBase for event streams
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	go func() { m.failed <- m.server.Serve(m.listener) }()
	return nil
}

// Wait blocks until ctx is done or serving fails.
func (m *Marketplace) Wait(ctx context.Context) error {
	served := make(chan error, len(m.Instances))
	for _, instance := range m.Instances {
		go func() { served <- <-instance.served }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-m.failed:
		return err
	case err := <-served:
		return err
	}
}

// Close stops everything: the public door first, then the instances. It may be called twice.
func (m *Marketplace) Close() error {
	m.closing.Do(func() {
		if m.cancel != nil {
			m.cancel() // ends event streams
		}
		var errs []error
		if m.server != nil {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			if err := m.server.Shutdown(ctx); err != nil {
				errs = append(errs, m.server.Close())
			}
		}
		_ = m.listener.Close()
		for _, instance := range m.Instances {
			errs = append(errs, instance.Close())
		}
		errs = append(errs, m.stores.Close())
		m.closed = errors.Join(errs...)
	})
	return m.closed
}

// Drain delivers all events due, on all instances, until none is left. Tests and
// the demo loader use it instead of background work.
func (m *Marketplace) Drain(ctx context.Context) error {
	for {
		total := 0
		for _, domain := range collections.Domains {
			if instance := m.Instances[domain]; instance != nil {
				sent, err := instance.relay.Drain(ctx)
				total += sent
				if err != nil {
					return err
				}
			}
		}
		if total == 0 {
			return nil
		}
	}
}
