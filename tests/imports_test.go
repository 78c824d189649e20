package tests

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lancershub/lancershub"

// allowed says which of our packages a package may import. Imports point one way.
var allowed = map[string][]string{
	"collections":         {},
	"forecast":            {},
	"migrations/common":   {},
	"migrations/users":    {"migrations/common"},
	"migrations/projects": {"migrations/common"},
	"migrations/payments": {"migrations/common"},
	"migrations/messages": {"migrations/common"},
	"storage":             {},
	"services":            {"collections", "forecast", "storage", "migrations/users", "migrations/projects", "migrations/payments", "migrations/messages"},
	"hooks":               {"collections", "services"},
	"demo":                {"collections", "services", "hooks"},
	"tests":               {"collections", "services", "hooks", "tests/stripesim"},
	"":                    {"collections", "services", "hooks", "demo"},
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"/...").Output()
	if err != nil {
		t.Fatalf("Failed to list the packages: %v", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for decoder.More() {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(strings.TrimPrefix(pkg.ImportPath, module), "/")
		if strings.HasPrefix(name, "forecast/") || strings.HasPrefix(name, "tests/") {
			continue // commands and suites of their own
		}
		mayImport, known := allowed[name]
		if !known {
			t.Errorf("Package %q is new: say in this test what it may import", name)
		}
		seen++
		for _, imported := range pkg.Imports {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if isOurs && !slices.Contains(mayImport, ours) {
				t.Errorf("%s must not import %s", name, ours)
			}
			if name == "forecast" && strings.Contains(imported, "pocketbase") {
				t.Errorf("forecast must not import %s", imported)
			}
		}
	}
	if seen < 8 {
		t.Errorf("Expected to see all packages, saw %d", seen)
	}
}
