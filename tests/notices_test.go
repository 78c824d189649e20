package tests

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/lancershub/lancershub/services"
)

// TestGoldenNotices keeps the texts of notifications, from which the web app's
// catalogues are made and checked, equal to the server's: a kind that is new or
// says something else is translated, too.
func TestGoldenNotices(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "collections", "testdata", "notices.json")
	var golden struct {
		Kinds     map[string]services.NoticeText `json:"kinds"`
		Deadlines map[string]string              `json:"deadlines"`
	}
	golden.Kinds, golden.Deadlines = services.NoticeTexts()
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(golden); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want.Bytes()) {
		t.Error("The texts of notifications are not the golden ones: go test ./tests -run Golden -update, then translate what is new in ui/src/i18n/notices")
	}
}
