package services

import "golang.org/x/sys/unix"

// freeSpace returns how many bytes an unprivileged process can still write to the
// disk that dir is on; known is false where that cannot be asked.
func freeSpace(dir string) (free int64, known bool) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, false
	}
	//nolint:unconvert // the type differs between architectures
	return int64(stat.Bavail) * int64(stat.Bsize), true
}
