//go:build !planted

package services

// planted says whether a bug is planted: never, but in a build that shows that
// the tests notice it (`go test -tags planted`, tests/faults/planted_test.go).
func planted(string) bool { return false }
