package services

import "golang.org/x/sys/unix"

// freeBytes is how much the disk that dir is on can still hold.
func freeBytes(dir string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil //nolint:unconvert // the type differs between architectures
}
