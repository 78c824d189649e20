package demo_test

import (
	"path/filepath"
	"testing"

	"github.com/lancershub/lancershub/demo"
)

// BenchmarkLoad measures what `lancershub demo` does.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if err := demo.Load(b.Context(), demo.Options{DataDir: filepath.Join(b.TempDir(), "data"), Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
