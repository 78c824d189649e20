package services

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// walSync makes commits durable in groups: one fsync of the write-ahead log for
// all who wait (group commit). SQLite commits with synchronous=NORMAL, which
// writes the log and syncs nothing; whoever wants to tell the world about a
// commit calls Wait first.
//
// # Why Wait is enough
//
// A commit writes its frames to the log with pwrite and then publishes them in
// the header of the wal-index (the -shm file; https://sqlite.org/walformat.html,
// 2.2 and 2.3.1). So everything that a header shows is in the file, and an fsync
// of the file that begins after the header was read makes it durable: the frames,
// those before them, and the length of the file. Recovery reads frames up to the
// last commit whose checksums hold; those it needs are all on disk.
//
// Wait returns at once only if the header is, byte for byte, one that an earlier
// fsync began with. Otherwise it waits for an fsync that began after Wait was
// called, or for one under way that began with a header that shows all that is
// committed now. Either way the caller's own commits are covered, because the
// caller made them before. The header holds a counter of transactions, so two
// states of the database never look the same. It is read from the file and not
// counted in Go so that no commit can be missed, whoever made it.
//
// # Checkpoints and restarts of the log
//
// A checkpoint copies frames into the database and, with NORMAL as with FULL,
// syncs the log before and, if it copied all, the database after (walCheckpoint
// in wal.c); walsync_checkpoint.go says when there is one. Only after that may a writer start the log again from its beginning,
// under new salts. So a frame is overwritten only when the database file has it
// durably: what the log of earlier salts held needs no sync of ours. The first
// frame of a restarted log is preceded by a synced log header, again with NORMAL too.
//
// The files stay the same ones for as long as walSync is open, because it keeps a
// connection of its own (SQLite removes them with the last connection). That
// they do is checked before every sync. Its descriptor of the -shm file is closed
// after all connections: on POSIX systems, closing any descriptor of a file drops
// all locks of the process on it.
//
// # A failed fsync
//
// It is final. Linux marks the pages clean, so a second fsync would succeed and
// say nothing (https://lwn.net/Articles/752063/). From then on every Wait fails,
// nothing is acknowledged, and the operator is told to restart, which recovers
// what is really on disk.
type walSync struct {
	pin      *sql.DB
	log, shm *os.File
	// sync makes the log durable; tests put another in its place.
	sync func() error

	// turn is held by the one who syncs.
	turn sync.Mutex

	mu sync.Mutex
	// joining collects those who came while turn was held by another.
	joining *syncRound
	running *syncRound
	// durable is the state of the log that the last successful sync began with.
	durable walState
	failed  error
	// copied is where the log was at the last checkpoint, copying that one is under way.
	copied          walState
	copying, closed bool
	background      sync.WaitGroup
}

// syncRound is one fsync and all who wait for it.
type syncRound struct {
	began walState
	done  chan struct{}
	err   error
}

// walState is one copy of the header of the wal-index.
type walState [48]byte

// frame is the number of the last committed frame, in the order of bytes of the machine.
func (s walState) frame() uint32 { return binary.NativeEndian.Uint32(s[16:20]) }

// salts tell one pass over the log from the next.
func (s walState) salts() []byte { return s[32:40] }

func (s walState) covers(other walState) bool {
	return bytes.Equal(s.salts(), other.salts()) && s.frame() >= other.frame()
}

// openWALSync opens the log of the SQLite database that db connects to. It owns
// db from now on. The folder is synced too: a log that no folder lists is lost.
func openWALSync(ctx context.Context, db *sql.DB, path string) (*walSync, error) {
	s := &walSync{pin: db}
	s.sync = func() error { return syncData(s.log) }
	if err := s.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("failed to open the write-ahead log of %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *walSync) open(ctx context.Context, path string) (err error) {
	s.pin.SetMaxOpenConns(1)
	s.pin.SetMaxIdleConns(1) // never closed while idle
	var tables int
	if err := s.pin.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if s.log, err = os.OpenFile(path+"-wal", os.O_RDWR, 0); err != nil {
		return err
	}
	if s.shm, err = os.Open(path + "-shm"); err != nil {
		return err
	}
	folder := filepath.Dir(path)
	return errors.Join(syncFolder(folder), syncFolder(filepath.Dir(folder)))
}

// Wait returns when everything that was committed before it was called is on disk.
func (s *walSync) Wait() error {
	now, readable := s.state()
	s.mu.Lock()
	switch {
	case s.failed != nil:
		defer s.mu.Unlock()
		return s.failed
	case readable && now == s.durable:
		s.mu.Unlock()
		return nil
	case readable && s.running != nil && s.running.began.covers(now):
		round := s.running
		s.mu.Unlock()
		<-round.done
		return round.err
	case s.joining != nil:
		round := s.joining
		s.mu.Unlock()
		<-round.done
		return round.err
	}
	// First of a round: wait for the one under way while others join, then sync for all.
	round := &syncRound{done: make(chan struct{})}
	s.joining = round
	s.mu.Unlock()
	s.turn.Lock()
	defer s.turn.Unlock()
	s.run(round)
	return round.err
}

// run syncs for a round. Whoever comes from now on is not part of it.
func (s *walSync) run(round *syncRound) {
	s.mu.Lock()
	s.joining, s.running = nil, round
	began, readable := s.state()
	round.began = began
	round.err = s.failed
	s.mu.Unlock()
	if round.err == nil {
		round.err = errors.Join(s.same(), s.sync())
	}
	s.mu.Lock()
	s.running = nil
	if round.err == nil && readable {
		s.durable = began
		s.copySoon(began)
	}
	if round.err != nil && s.failed == nil {
		s.failed = fmt.Errorf("failed to sync the write-ahead log; restart to go on with what is on disk: %w", round.err)
	}
	s.mu.Unlock()
	close(round.done)
}

// state reads the header of the wal-index. It has two copies, written one after
// the other; if they differ it is just being written, which is not an error: the
// caller then takes nothing for granted.
func (s *walSync) state() (walState, bool) {
	var both [2 * len(walState{})]byte
	for range 3 {
		if _, err := s.shm.ReadAt(both[:], 0); err != nil {
			return walState{}, false
		}
		first, second := walState(both[:48]), walState(both[48:])
		if first == second && first[12] != 0 { // isInit
			return first, true
		}
	}
	return walState{}, false
}

// same fails when the log is not the file it was: syncing it would prove nothing.
func (s *walSync) same() error {
	ours, err := s.log.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(s.log.Name())
	if err != nil {
		return err
	}
	if !os.SameFile(ours, named) {
		return fmt.Errorf("%s was replaced by another file", s.log.Name())
	}
	return nil
}

// Failed returns why nothing can be acknowledged any more, or nil.
func (s *walSync) Failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Close ends the last connection, which checkpoints the log, and then lets go of
// the files. The app's own connections must be closed before.
func (s *walSync) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.background.Wait()
	err := s.pin.Close()
	for _, file := range []*os.File{s.log, s.shm} {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
	}
	return err
}

// syncFolder makes the names of new files in dir durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // its file systems journal names
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
