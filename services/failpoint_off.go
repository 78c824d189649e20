//go:build !failpoints

package services

// failpoint marks a place where a crash must do no harm. It does nothing in a
// normal build; `go build -tags failpoints` makes it a place to die.
func failpoint(...string) {}

// failpoint marks a place in the carrying out of a command.
func (Command) failpoint(string) {}
