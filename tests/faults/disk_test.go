//go:build faults

package faults

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/tests/process"
)

// disk is a folder as it was before a traced process began, and what the process
// did to it. It can show the folder as a power cut at any moment may have left it
// (the way of ALICE: Pillai et al., All File Systems Are Not Created Equal, OSDI 2014).
type disk struct {
	root   string
	before map[string][]byte
	calls  []*process.Call
	// cut are the writes the process was killed in.
	cut []*process.Call
}

// readFolder returns the files below root by path.
func readFolder(t *testing.T, root string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// newDisk keeps the calls that change files below root. The shared memory of
// SQLite is no file anybody relies on after a crash.
func newDisk(root string, before map[string][]byte, calls []*process.Call) *disk {
	d := &disk{root: root, before: before}
	for _, call := range calls {
		if !strings.HasPrefix(call.File, root) || strings.HasSuffix(call.File, "-shm") {
			continue
		}
		if call.Result >= 0 {
			d.calls = append(d.calls, call)
		} else if call.Cut && call.Name == "pwrite64" {
			d.cut = append(d.cut, call)
		}
	}
	return d
}

// lastSync returns the last fsync of file that ended before moment, or nil.
func (d *disk) lastSync(file string, moment int) *process.Call {
	var last *process.Call
	for _, call := range d.calls {
		if call.File == file && (call.Name == "fsync" || call.Name == "fdatasync") && call.To < moment {
			last = call
		}
	}
	return last
}

// luck decides what of the unsynced writes a power cut leaves: 0 none, 1 all,
// anything else each at random, also torn between sectors.
type luck int

const sector = 512

// at returns the files after a power cut at a line of the trace. A write is safe
// if it ended before an fsync of its file began that ended before the cut. A new
// file is safe if its folder was synced likewise.
func (d *disk) at(moment int, luck luck, random *rand.Rand) map[string][]byte {
	files := maps.Clone(d.before)
	own := map[string]bool{} // files that are not those of before any more
	change := func(file string, content []byte, length int) []byte {
		if !own[file] { // with room: a log is written to many times
			content = append(make([]byte, 0, 2*max(len(content), length)), content...)
			own[file] = true
		}
		return resize(content, length)
	}
	syncs := map[string]*process.Call{}
	safe := func(call *process.Call, file string) bool {
		sync, known := syncs[file]
		if !known {
			sync = d.lastSync(file, moment)
			syncs[file] = sync
		}
		return sync != nil && call.To < sync.From
	}
	kept := func(call *process.Call, file string) bool {
		return safe(call, file) || luck == 1 || (luck > 1 && random.IntN(2) == 0)
	}
	for _, call := range d.calls {
		if call.From >= moment {
			break
		}
		switch call.Name {
		case "open", "openat":
			if _, exists := files[call.File]; !exists && strings.Contains(call.Args, "O_CREAT") && kept(call, filepath.Dir(call.File)) {
				files[call.File] = []byte{}
			}
		case "pwrite64":
			if content, exists := files[call.File]; exists && kept(call, call.File) {
				data := call.Data
				if luck > 1 && !safe(call, call.File) && random.IntN(4) == 0 {
					data = data[:random.IntN(len(data)/sector+1)*sector]
				}
				content = change(call.File, content, max(len(content), int(call.Offset)+len(data)))
				copy(content[call.Offset:], data)
				files[call.File] = content
			}
		case "ftruncate":
			if content, exists := files[call.File]; exists && kept(call, call.File) {
				files[call.File] = change(call.File, content, int(call.Offset))
			}
		}
	}
	return files
}

// withoutCut returns content without what the writes that were cut may have changed.
func (d *disk) withoutCut(file string, content []byte) []byte {
	content = slices.Clone(content)
	for _, call := range d.cut {
		if call.File != file {
			continue
		}
		from := min(int(call.Offset), len(content))
		to := min(from+len(call.Data), len(content))
		clear(content[from:to])
		if to == len(content) { // it may also have made the file longer
			content = content[:from]
		}
	}
	return content
}

func resize(content []byte, length int) []byte {
	if length <= len(content) {
		return content[:length]
	}
	return append(content, make([]byte, length-len(content))...)
}

// write puts files, which are below root, below target.
func (d *disk) write(files map[string][]byte, target string) error {
	for path, content := range files {
		to := filepath.Join(target, strings.TrimPrefix(path, d.root))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
