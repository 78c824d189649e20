package services

import (
	"errors"
	"os"
	"syscall"
)

// syncData makes the content and length of a file durable, without the times
// that a full fsync would write as well.
func syncData(file *os.File) error {
	for {
		if err := syscall.Fdatasync(int(file.Fd())); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
