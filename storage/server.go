// Package storage is where the bytes of files are: an S3 server inside the
// program for those who have no other, the client for it and for any other, and
// the rules by which a browser may reach one. It knows buckets and keys, and
// nothing of the marketplace.
package storage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/middlewares"
	"github.com/versity/versitygw/s3err"
)

// DefaultRegion is what signatures name where nothing else is configured.
const DefaultRegion = "us-east-1"

// Bucket is one bucket of the embedded server: a folder, and the only key that
// opens it.
type Bucket struct {
	Name string
	// Dir holds the objects as plain files. Absolute.
	Dir string
	Keys
}

// Keys sign requests to one bucket.
type Keys struct {
	Access string `json:"access"`
	Secret string `json:"secret"`
}

// Server is an S3 server in this process, on a loopback port of its own choice.
//
// It is versitygw's API server on its POSIX backend. embedgw.RunVersityGW would
// do for one server per process that owns the working directory; this one is put
// together from the same parts so that a process can run several (every test has
// its own marketplace), nothing depends on the working directory, and an
// operation we have no use for does not exist (see backend).
type Server struct {
	// Addr is host:port.
	Addr string

	api    *s3api.S3ApiServer
	failed chan error
}

// Bounds of the embedded server.
const (
	maxConnections = 1024
	maxRequests    = 512
	// MaxParts is how many parts an upload may have.
	MaxParts = 10_000
	// startTries is how often another port is tried when somebody else took the chosen one.
	startTries = 5
)

// Serve starts a server for buckets, whose folders it creates. It listens on
// preferred if that is free: where the address stays the same, nothing that
// remembers it has to be written.
func Serve(ctx context.Context, preferred string, buckets ...Bucket) (*Server, error) {
	store, err := newBackend(buckets)
	if err != nil {
		return nil, err
	}
	accounts := accounts{}
	for _, bucket := range buckets {
		accounts[bucket.Access] = auth.Account{Access: bucket.Access, Secret: bucket.Secret, Role: auth.RoleUser}
	}
	for range startTries {
		var addr string
		if addr, err = freePort(ctx, preferred); err != nil {
			break
		}
		var server *Server
		if server, err = serveOnce(ctx, addr, store, accounts); err == nil {
			return server, nil
		}
		preferred = ""
	}
	return nil, fmt.Errorf("failed to start the embedded storage: %w", err)
}

func serveOnce(ctx context.Context, addr string, store *backend, accounts accounts) (*Server, error) {
	ready := make(chan struct{})
	// Nobody has the root key: it is made up here and forgotten.
	root := middlewares.RootUserConfig{Access: NewKeys("root").Access, Secret: NewKeys("root").Secret}
	api, err := s3api.New(store, root, DefaultRegion, accounts, nil, nil, nil, nil,
		s3api.WithQuiet(), s3api.WithKeepAlive(), s3api.WithConcurrencyLimiter(maxConnections, maxRequests),
		s3api.WithMpMaxParts(MaxParts), s3api.WithDisableACL(), // only the owner has access
		s3api.WithOnListen(func() { close(ready) }))
	if err != nil {
		return nil, err
	}
	server := &Server{Addr: addr, api: api, failed: make(chan error, 1)}
	go func() { server.failed <- api.ServeMultiPort([]string{addr}) }()
	select {
	case <-ready:
		return server, nil
	case err := <-server.failed:
		return nil, errors.Join(err, errNotListening)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var errNotListening = errors.New("the embedded storage does not listen")

// freePort chooses an address: the server cannot be asked which one it got.
func freePort(ctx context.Context, preferred string) (string, error) {
	listen := new(net.ListenConfig)
	if host, _, err := net.SplitHostPort(preferred); err == nil && net.ParseIP(host).IsLoopback() {
		if listener, err := listen.Listen(ctx, "tcp", preferred); err == nil {
			return preferred, listener.Close()
		}
	}
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// Close stops the server. Requests under way have a second to finish.
func (s *Server) Close() error {
	http.DefaultClient.CloseIdleConnections() // PocketBase's: the server would wait for them
	done := make(chan error, 1)
	go func() { done <- s.api.ShutDown() }()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Second):
		return nil // whoever holds a connection open is not waited for
	}
}

// accounts knows one key per bucket, and no way to change that.
type accounts map[string]auth.Account

var errFixed = s3err.GetAPIError(s3err.ErrAdminMethodNotSupported)

func (a accounts) GetUserAccount(access string) (auth.Account, error) {
	account, ok := a[access]
	if !ok {
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return account, nil
}

func (a accounts) ResolveAccounts(keys []string) ([]string, error) {
	missing := []string{}
	for _, key := range keys {
		if _, ok := a[key]; !ok {
			missing = append(missing, key)
		}
	}
	return missing, nil
}

func (a accounts) CreateAccount(auth.Account) error                    { return errFixed }
func (a accounts) UpdateUserAccount(string, auth.MutableProps) error   { return errFixed }
func (a accounts) DeleteUserAccount(string) error                      { return errFixed }
func (a accounts) ListUserAccounts() (found []auth.Account, err error) { return nil, errFixed }
func (a accounts) Shutdown() error                                     { return nil }

func makeDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("failed to create the folder for files: %w", err)
	}
	return nil
}
