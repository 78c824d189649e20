package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/gofrs/flock"
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	_ "github.com/pocketbase/pocketbase/migrations" // PocketBase's own schema
	"github.com/pocketbase/pocketbase/tools/hook"

	"github.com/lancershub/lancershub/collections"
)

// Instance is one domain: a PocketBase app with its data folder, keys, peers,
// outbox and scheduled work.
type Instance struct {
	Domain  collections.Domain
	Options Options
	Clock   Clock
	Logger  *slog.Logger
	App     *core.BaseApp
	// Keys sign calls to peers. TokenKeys sign access tokens; only users has them.
	Keys      *Keyring
	TokenKeys *Keyring
	Verifier  *Verifier
	Peers     map[collections.Domain]*Peer
	Revoked   *Revocations
	Throttle  *Throttle
	// Live delivers to event streams by audience; only messages has it.
	Live *Live
	// Files is where uploads are kept; nil where only the database is opened (migrations, checks).
	Files *FileStore

	// mailKey signs the links in mails; only messages has it.
	mailKey []byte

	relay    *Relay
	wal      *walSync // nil unless commits are synced in groups
	handlers map[string]EventHandler
	// receiving is held while an event of a peer is applied.
	receiving sync.Mutex
	fires     map[string]Fire
	asks      map[string]Ask
	// closing has whose account is being closed (only users knows), hiring who is about
	// to get a contract (only projects knows).
	closing, hiring people
	// closed is what this instance does when somebody closed their account.
	closed    func(tx core.App, user string) error
	scheduler gocron.Scheduler
	lock      *flock.Flock
	mux       http.Handler
	listener  net.Listener
	served    chan error
	cancel    context.CancelFunc

	bucketMade atomic.Bool
	auditState atomic.Pointer[string]
}

// OpenInstance locks and opens the data folder of domain, creating it if it is
// missing, and brings its schema up to date. It does not serve yet.
func OpenInstance(domain collections.Domain, options Options) (*Instance, error) {
	options = options.withDefaults()
	i := &Instance{
		Domain: domain, Options: options, Clock: options.Clock, Logger: options.Logger.With("domain", string(domain)),
		Peers: map[collections.Domain]*Peer{}, handlers: map[string]EventHandler{}, fires: map[string]Fire{}, asks: map[string]Ask{},
		Revoked: newRevocations(options.Clock), Throttle: NewThrottle(options.Clock), Verifier: NewVerifier(options.Clock), served: make(chan error, 1),
	}
	dir := i.Dir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("failed to create the data folder %s: %w", dir, err)
	}
	var err error
	if i.lock, err = lockFolder(dir); err != nil {
		return nil, err
	}
	if err := i.open(dir); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	return i, nil
}

// lockFolder makes this process the only one that works in a data folder.
func lockFolder(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, "instance.lock"))
	if locked, err := lock.TryLock(); err != nil {
		return nil, fmt.Errorf("failed to lock the data folder %s: %w", dir, err)
	} else if !locked {
		return nil, fmt.Errorf("the data folder %s is %w: stop that one first", dir, errLocked)
	}
	return lock, nil
}

// errLocked tells that another process has the data folder.
var errLocked = errors.New("in use by another process (data_locked)")

// Dir is the data folder of the instance.
func (i *Instance) Dir() string { return filepath.Join(i.Options.DataDir, string(i.Domain)) }

func (i *Instance) open(dir string) error {
	var err error
	now := i.Clock.Now()
	if i.Keys, err = OpenKeyring(filepath.Join(dir, "service_keys.json"), now); err != nil {
		return err
	}
	if i.Domain == collections.DomainUsers {
		if i.TokenKeys, err = OpenKeyring(filepath.Join(dir, "token_keys.json"), now); err != nil {
			return err
		}
	}
	if i.App, err = openApp(i.Domain, dir, i.Options.Durability); err != nil {
		return err
	}
	failpoint("boot-opened")
	if i.Options.Durability == DurabilityGroup {
		if i.wal, err = openLog(filepath.Join(dir, dataFile)); err != nil {
			return err
		}
	}
	if err := migrateUp(i.App, i.Domain); err != nil {
		return err
	}
	if err := checkRules(i.App, i.Domain); err != nil {
		return err
	}
	if i.Options.stores != nil {
		stores, err := i.Options.stores()
		if err != nil {
			return err
		}
		i.Files = stores.files[i.Domain]
	}
	if err := applySettings(i.App, i.Domain, i.Options, i.Files); err != nil {
		return fmt.Errorf("failed to apply settings: %w", err)
	}
	if err := i.Revoked.load(i.App); err != nil {
		return err
	}
	i.followClock()
	i.saveInTransactions()
	i.writeIfStill()
	i.keepVersions()
	if i.Domain == collections.DomainMessages {
		i.Live = NewLive(i.Synced)
		if i.mailKey, err = openMailKey(dir); err != nil {
			return err
		}
	}
	failpoint("boot-prepared")
	i.guardOutward()
	i.scheduler, err = gocron.NewScheduler(gocron.WithLocation(time.UTC), gocron.WithStopTimeout(lastWork))
	return err
}

// openApp opens the PocketBase app in dir. Its settings (they may hold
// passwords of a mail or storage server) are encrypted with a key of the
// installation; PocketBase takes the key from an environment variable only.
func openApp(domain collections.Domain, dir string, durability Durability) (*core.BaseApp, error) {
	key, err := settingsKey(filepath.Join(dir, "settings.key"))
	if err != nil {
		return nil, err
	}
	env := "LANCERSHUB_SETTINGS_KEY_" + strings.ToUpper(string(domain)) + "_" + randomToken(6)
	if err := os.Setenv(env, key); err != nil {
		return nil, err
	}
	pools := &writers{durability: durability, lines: map[*sql.DB]*writerLine{}}
	app := core.NewBaseApp(core.BaseAppConfig{
		DataDir: dir, EncryptionEnv: env, DBConnect: pools.connect,
		DataMaxOpenConns: 24, DataMaxIdleConns: 8, AuxMaxOpenConns: 4, AuxMaxIdleConns: 2,
	})
	app.OnBootstrap().BindFunc(pools.share)
	if err := app.Bootstrap(); err != nil {
		return nil, fmt.Errorf("failed to open the %s database in %s (data_unreadable): %w", domain, dir, err)
	}
	return app, nil
}

// followClock makes the created and updated stamps follow the instance's clock.
func (i *Instance) followClock() {
	if _, ok := i.Clock.(SystemClock); ok {
		return
	}
	// PocketBase judges the age of its own records (codes, second factors) by the system's clock.
	stamp := func(fields ...string) *hook.Handler[*core.RecordEvent] {
		// Last, so inside PocketBase's own stamping, which takes a stamp that is the
		// same as before (two changes at one moment) for none.
		return &hook.Handler[*core.RecordEvent]{Priority: 999, Func: func(e *core.RecordEvent) error {
			for _, field := range fields {
				if !e.Record.Collection().System && e.Record.Collection().Fields.GetByName(field) != nil {
					e.Record.SetRaw(field, dateTime(i.Clock.Now()))
				}
			}
			return e.Next()
		}}
	}
	i.App.OnRecordCreateExecute().Bind(stamp(collections.FieldCreated, collections.FieldUpdated))
	i.App.OnRecordUpdateExecute().Bind(stamp(collections.FieldUpdated))
}

// Every runs job in the background, never twice at once, first after one interval.
// It gives way to people.
func (i *Instance) Every(interval time.Duration, name string, job func(ctx context.Context) error) error {
	if i.Options.Manual {
		return nil
	}
	_, err := i.scheduler.NewJob(gocron.DurationJob(interval), gocron.NewTask(func(ctx context.Context) {
		giveWay(ctx, time.Now())
		if err := job(ctx); err != nil && ctx.Err() == nil {
			i.Logger.Error("scheduled work failed", "job", name, "error", err)
		}
	}), gocron.WithName(name), gocron.WithSingletonMode(gocron.LimitModeReschedule))
	return err
}

// AtStart runs job once, as soon as the instance serves: what a crash left
// unfinished is not left for the first interval to pass.
func (i *Instance) AtStart(name string, job func(ctx context.Context) error) error {
	return i.Soon(name+" at start", func(ctx context.Context) error {
		failpoint("boot-work")
		return job(ctx)
	})
}

// Soon runs job once in the background, as soon as there is time for it.
func (i *Instance) Soon(name string, job func(ctx context.Context) error) error {
	if i.Options.Manual {
		return nil
	}
	_, err := i.scheduler.NewJob(gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), gocron.NewTask(func(ctx context.Context) {
		if err := job(ctx); err != nil && ctx.Err() == nil {
			i.Logger.Error("work in the background failed", "job", name, "error", err)
		}
	}), gocron.WithName(name))
	return err
}

// SlowSweep is the interval of work that is rarely needed.
const SlowSweep = time.Minute

// outboxKeep is how long a delivered event is remembered: a peer that is restored
// from a backup younger than that can be told everything again.
const outboxKeep = 7 * 24 * time.Hour

// Prune forgets what is no longer needed: delivered events after a week,
// received ones and stored answers after a month, dead revocations at once.
func (i *Instance) Prune() error {
	if epoch, err := OpenEpoch(i.App); err != nil || epoch != nil {
		return err // restored, and still comparing with the peers
	}
	now := i.Clock.Now()
	for _, old := range []struct {
		table, where string
		age          time.Duration
	}{
		{"outbox", "state = 'done' AND created < {:before}", outboxKeep},
		{"inbox", "at < {:before}", idemKeep},
		{"idem", "created < {:before} AND (status <> 0 OR route <> '" + routeCreatePayment + "')", idemKeep}, // a payment goes on under its key
	} {
		_, err := i.App.NonconcurrentDB().Delete(old.table, dbx.NewExp(old.where, dbx.Params{"before": now.Add(-old.age).UnixMilli()})).Execute()
		if err != nil {
			return fmt.Errorf("failed to prune %s: %w", old.table, err)
		}
	}
	return i.Revoked.prune(i.App)
}

// serve answers on listener until Close. It returns once the routes are ready.
// files answers /s3/, or is nil behind a gateway in the same process.
func (i *Instance) serve(ctx context.Context, listener net.Listener, files http.Handler) error {
	ctx, i.cancel = context.WithCancel(ctx)
	if i.Live != nil {
		context.AfterFunc(ctx, i.Live.Stop)
	}
	i.listener = listener
	ready := make(chan struct{})
	i.App.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.Listener = listener
		e.InstallerFunc = nil // superusers are made with `lancershub superuser upsert`
		if err := e.Next(); err != nil {
			return err
		}
		e.Server.Handler = i.syncedHandler(e.Server.Handler)
		if files != nil {
			e.Server.Handler = withStorage(files, e.Server.Handler)
		}
		i.mux = e.Server.Handler
		close(ready)
		return nil
	})
	go func() {
		i.served <- apis.Serve(i.App, apis.ServeConfig{HttpAddr: listener.Addr().String(), AllowedOrigins: i.Options.AllowedOrigins})
	}()
	select {
	case <-ready:
	case err := <-i.served:
		return fmt.Errorf("failed to serve %s: %w", i.Domain, err)
	}
	failpoint("boot-serving")
	if !i.Options.Manual {
		i.relay.Start(ctx)
		i.scheduler.Start()
	}
	return nil
}

// Handler returns the routes of the instance, without the gateway's prefix.
func (i *Instance) Handler() http.Handler { return i.mux }

// Close stops the instance: HTTP first, then background work, then the data.
func (i *Instance) Close() error {
	var errs []error
	if i.App != nil {
		event := &core.TerminateEvent{App: i.App}
		errs = append(errs, i.App.OnTerminate().Trigger(event, func(*core.TerminateEvent) error {
			i.stopWork()
			return i.App.ClearBootstrap()
		}))
	}
	if i.listener != nil {
		_ = i.listener.Close()
	}
	if i.wal != nil {
		errs = append(errs, i.wal.Close())
	}
	errs = append(errs, i.lock.Unlock())
	return errors.Join(errs...)
}

// lastWork is how long work in the background may take to notice that it is to
// end. The database is closed afterwards, under whoever still reads it.
const lastWork = 20 * time.Second

func (i *Instance) stopWork() {
	if i.cancel != nil {
		i.cancel()
	}
	if i.Live != nil {
		i.Live.Stop() // and waits for those who still read the database
	}
	if i.relay != nil {
		i.relay.Stop()
	}
	if i.scheduler != nil {
		ctx, cancel := context.WithTimeout(context.Background(), lastWork)
		defer cancel()
		_ = i.scheduler.ShutdownWithContext(ctx)
	}
}
