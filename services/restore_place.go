package services

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lancershub/lancershub/collections"
)

// A restored domain is put in its place by renaming its folder. Where that folder
// is a mount (a volume of a container has its own), it cannot be renamed, and
// nothing can be moved into it from outside: then it is restored inside of it, and
// its content is exchanged.

// restoredDir is where a domain is restored to inside of a mounted folder.
const restoredDir = ".restored"

// makeStage makes the folder that a domain is restored to: staging/<domain>, or a
// link from there into its mounted folder.
func makeStage(options Options, staging string, domain collections.Domain, how RestoreOptions) error {
	stage, target := filepath.Join(staging, string(domain)), filepath.Join(options.DataDir, string(domain))
	if how.VerifyOnly || !isFolder(target) {
		return os.Mkdir(stage, 0o700)
	}
	mounted, err := isMounted(staging, target)
	if err != nil {
		return err
	}
	if !mounted {
		return os.Mkdir(stage, 0o700)
	}
	inside, err := filepath.Abs(filepath.Join(target, restoredDir))
	if err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(inside), os.Mkdir(inside, 0o700)); err != nil { // of a restore that was killed
		return err
	}
	return os.Symlink(inside, stage)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// isMounted tells whether nothing can be renamed from one folder into another.
func isMounted(from, to string) (bool, error) {
	probe := filepath.Join(from, ".probe")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		return false, err
	}
	there := filepath.Join(to, filepath.Base(from)+".probe")
	err := os.Rename(probe, there)
	if errors.Is(err, syscall.EXDEV) {
		return true, os.Remove(probe)
	}
	if err != nil {
		return false, fmt.Errorf("the folder %s cannot be written: %w", to, err)
	}
	return false, os.Remove(there)
}

// putInPlace moves what was restored to the data folder, and what was there aside.
func putInPlace(options Options, staging string, domains []collections.Domain) (replaced []string, err error) {
	if err := os.MkdirAll(options.DataDir, 0o700); err != nil {
		return nil, err
	}
	suffix := "before-restore-" + options.Clock.Now().UTC().Format("20060102T150405.000Z")
	for _, domain := range domains {
		stage, target := filepath.Join(staging, string(domain)), filepath.Join(options.DataDir, string(domain))
		aside := target + "-" + suffix
		if info, err := os.Lstat(stage); err == nil && info.Mode()&os.ModeSymlink != 0 {
			aside = filepath.Join(target, suffix)
			err = exchange(target, aside)
			if err != nil {
				return replaced, fmt.Errorf("failed to move the restored %s to its place (what was there is in %s): %w", domain, aside, err)
			}
			replaced = append(replaced, aside)
			continue
		}
		if _, err := os.Stat(target); err == nil {
			if err := os.Rename(target, aside); err != nil {
				return replaced, fmt.Errorf("failed to move the old data aside: %w", err)
			}
			replaced = append(replaced, aside)
		}
		if err := os.Rename(stage, target); err != nil {
			return replaced, fmt.Errorf("failed to move the restored %s to its place: %w", domain, err)
		}
	}
	return replaced, syncDir(options.DataDir)
}

// exchange moves what is in target to aside, which is inside of it, and what was
// restored in there to its place. The database goes last in both: a folder without
// one is not taken for a marketplace.
func exchange(target, aside string) error {
	if err := os.Mkdir(aside, 0o700); err != nil {
		return err
	}
	fresh := filepath.Join(target, restoredDir)
	keep := func(name string) bool { return name == restoredDir || strings.HasPrefix(name, "before-restore-") }
	if err := moveAll(target, aside, keep); err != nil {
		return err
	}
	if err := moveAll(fresh, target, func(string) bool { return false }); err != nil {
		return err
	}
	return errors.Join(os.Remove(fresh), syncDir(aside), syncDir(target))
}

func moveAll(from, to string, keep func(name string) bool) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	last := ""
	for _, entry := range entries {
		switch name := entry.Name(); {
		case keep(name):
		case name == dataFile:
			last = name
		default:
			if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
				return err
			}
		}
	}
	if last == "" {
		return nil
	}
	return os.Rename(filepath.Join(from, last), filepath.Join(to, last))
}
