package services

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// fileSystems that cannot keep a promise, by their magic number (statfs(2)).
var fileSystems = map[int64]string{
	unix.TMPFS_MAGIC:      "memory (tmpfs): everything is gone after a restart",
	unix.NFS_SUPER_MAGIC:  "a network disk (NFS): SQLite's locks and shared memory do not work there",
	unix.SMB_SUPER_MAGIC:  "a network disk (SMB): SQLite's locks and shared memory do not work there",
	unix.CIFS_SUPER_MAGIC: "a network disk (CIFS): SQLite's locks and shared memory do not work there",
}

// disk looks at the disk of the data folder: what kind it is, how much is free,
// whether it can be written, how long a sync takes.
func (d *doctor) disk() {
	dir := d.options.DataDir
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		if !os.IsNotExist(err) {
			d.fail("disk", "", err.Error(), "check --data")
		}
		return
	}
	//nolint:unconvert // the type differs between architectures
	if kind := fileSystems[int64(stat.Type)]; kind != "" {
		d.fail("durability", "", "the data is on "+kind, "move the data folder to a local disk")
	}
	free, _ := freeSpace(dir)
	const mend = "free some space: old backups, logs; or move the data folder to a larger disk"
	switch gb := float64(free) / 1e9; {
	case free < noSpace:
		d.fail("disk", "", fmt.Sprintf("only %.1f GB are free: writes are about to be refused", gb), mend)
	case free < tightSpace:
		d.warn("disk", "", fmt.Sprintf("only %.1f GB are free", gb), mend)
	default:
		d.ok("disk", "", fmt.Sprintf("%.0f GB are free", gb))
	}
	if stat.Files > 0 && stat.Ffree < 1000 {
		d.fail("disk", "", fmt.Sprintf("only %d files can still be made (inodes)", stat.Ffree), mend)
	}
	d.sync(dir)
}

// sync measures how long the disk takes to make a page durable.
func (d *doctor) sync(dir string) {
	file, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		d.fail("disk", "", "the data folder cannot be written: "+err.Error(), "give "+filepath.Clean(dir)+" to the user that runs lancershub")
		return
	}
	defer os.Remove(file.Name()) //nolint:errcheck // nothing depends on it
	defer file.Close()           //nolint:errcheck // its content is meaningless
	best := time.Hour
	for range 8 {
		began := time.Now()
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			d.fail("disk", "", "the data folder cannot be written: "+err.Error(), "free some space")
			return
		}
		if err := unix.Fdatasync(int(file.Fd())); err != nil {
			d.fail("durability", "", "the disk cannot sync: "+err.Error(), "look at the kernel's log (dmesg): the disk may be failing")
			return
		}
		best = min(best, time.Since(began))
	}
	if best > 50*time.Millisecond {
		d.warn("durability", "", fmt.Sprintf("the disk takes %d ms to make something durable, so every payment takes longer than that", best.Milliseconds()), "use a faster disk (SSD); on a busy machine, run doctor again when it is quiet")
		return
	}
	d.ok("durability", "", fmt.Sprintf("the disk makes something durable in %.1f ms", float64(best.Microseconds())/1000))
}

// clock asks the kernel whether something keeps its clock right.
func (d *doctor) clock() {
	var state unix.Timex
	if _, err := unix.Adjtimex(&state); err == nil && state.Status&unix.STA_UNSYNC != 0 {
		d.warn("clock", "", "no time service keeps the clock of this machine right (or it is a container, which cannot tell)", "run chrony or systemd-timesyncd: deadlines and tokens follow the clock")
		return
	}
	d.ok("clock", "", "a time service keeps the clock right")
}
