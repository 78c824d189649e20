//go:build !linux

package services

// freeSpace is known on Linux only.
func freeSpace(string) (free int64, known bool) { return 0, false }
