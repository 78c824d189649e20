//go:build !linux

package services

// freeSpace is only known on Linux.
func freeSpace(string) (free int64, known bool) { return 0, false }
