package main

import (
	"errors"
	"io"
	"testing"
	"time"
)

// TestAPasswordIsOneLine: whoever types a password ends it with Enter; the command
// does not wait until the terminal is closed.
func TestAPasswordIsOneLine(t *testing.T) {
	t.Parallel()
	in, typed := io.Pipe()
	defer typed.Close() // open while the command runs, as a terminal is
	patience := time.AfterFunc(time.Minute, func() { _ = typed.CloseWithError(errors.New("more than a line was read")) })
	defer patience.Stop()
	go func() { _, _ = io.WriteString(typed, "a long password\n") }()
	root := newRoot()
	root.SetIn(in)
	root.SetArgs([]string{"superuser", "upsert", "you@example.com", "-", "--data", t.TempDir()})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}
