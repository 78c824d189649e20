//go:build !linux

package services

import "errors"

// freeBytes is known on Linux only.
func freeBytes(string) (int64, error) { return 0, errors.ErrUnsupported }
