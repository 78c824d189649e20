package services

import "context"

// The log is copied into the database (a checkpoint) by whoever commits when it has
// 1,000 pages, if one lets SQLite decide: every sixtieth message then waited for two
// more syncs and a thousand writes, and so did all behind it. Here it is done in the
// background, over the connection that walSync keeps, while others go on writing
// (https://sqlite.org/c3ref/wal_checkpoint_v2.html, PASSIVE); and less often, which
// copies a page that changed many times once.
const (
	// checkpointFrames is by how many pages of 4 KB the log grows before it is copied.
	checkpointFrames = 4_000
	// checkpointAtLatest is the length at which a commit does it after all: under a load
	// that never pauses, the background would never come to the end of the log.
	checkpointAtLatest = 16_000
	// checkpointNearLatest is from where on the background copies every checkpointNear
	// pages, so that under such a load the commit that must do it finds little left:
	// one that copied all since the last time would keep everybody waiting.
	checkpointNearLatest = 12_000
	checkpointNear       = 1_000
	// checkpointRounds is how often it tries to catch up with those who go on writing.
	checkpointRounds = 3
)

// copySoon begins a checkpoint if the log, as of now, has grown enough since the last.
// The caller holds mu.
func (s *walSync) copySoon(now walState) {
	grown := now.frame()
	if string(now.salts()) == string(s.copied.salts()) {
		grown -= min(grown, s.copied.frame())
	}
	if s.copying || s.closed || grown < checkpointStep(now.frame()) {
		return
	}
	s.copying = true
	s.background.Go(s.copyLog)
}

// checkpointStep is by how many pages a log of length pages grows before it is copied.
func checkpointStep(length uint32) uint32 {
	if length < checkpointNearLatest {
		return checkpointFrames
	}
	return checkpointNear
}

// copyLog is one checkpoint. Should it fail, the log goes on growing until a commit
// does it, and fails in the face of somebody.
func (s *walSync) copyLog() {
	var reached walState
	for range checkpointRounds {
		reached, _ = s.state()
		var busy, frames, copied int
		err := s.pin.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &frames, &copied)
		failpoint("log-copied")
		if err != nil || copied >= frames {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copied, s.copying = reached, false
}
