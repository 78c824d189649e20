package demo_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/demo"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/tests"
)

func TestRefusesAFolderWithUsers(t *testing.T) {
	t.Parallel()
	m := tests.New(t)
	m.User(collections.RoleClient)
	dir := m.Options.DataDir
	for _, state := range []string{"open", "closed"} {
		if state == "closed" {
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
		}
		before := listing(t, dir)
		err := demo.Load(t.Context(), demo.Options{DataDir: dir, Size: demo.Small})
		if services.Code(err) != demo.CodeNotEmpty {
			t.Fatalf("Expected %s while the folder is %s, got %v", demo.CodeNotEmpty, state, err)
		}
		if after := listing(t, dir); !slices.Equal(before, after) {
			t.Errorf("Expected the %s folder unchanged, got %v instead of %v", state, after, before)
		}
	}
}

// listing describes every file of a folder.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && !strings.HasSuffix(path, "-shm") { // the running instances write there all the time
			files = append(files, fmt.Sprint(path, info.Size(), info.ModTime()))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestInterruptedLoadSaysSo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	ctx, cancel := context.WithCancel(t.Context())
	out := &stopAt{text: "20 %", stop: cancel}
	err := demo.Load(ctx, demo.Options{DataDir: dir, Size: demo.Small, Out: out})
	if !errors.Is(err, demo.ErrHalfFilled) || !strings.Contains(err.Error(), "can be deleted") {
		t.Fatalf("Expected to hear that the folder is half-filled, got %v", err)
	}
	if _, err := os.Stat(services.DemoAccountsPath(dir)); err == nil {
		t.Error("Expected no accounts file in a half-filled folder")
	}
	err = demo.Load(t.Context(), demo.Options{DataDir: dir, Size: demo.Small})
	if services.Code(err) != demo.CodeHalfFilled {
		t.Errorf("Expected %s, got %v", demo.CodeHalfFilled, err)
	}
}

// stopAt calls stop when text is written to it.
type stopAt struct {
	text string
	stop func()
}

func (s *stopAt) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.text) {
		s.stop()
	}
	return len(p), nil
}
