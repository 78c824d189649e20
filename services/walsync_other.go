//go:build !linux

package services

import "os"

// syncData makes a file durable (on macOS with F_FULLFSYNC, through Go's Sync).
func syncData(file *os.File) error { return file.Sync() }
