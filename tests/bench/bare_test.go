package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	_ "github.com/pocketbase/pocketbase/migrations" // its own schema

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests/process"
)

// bareEnv makes this test binary serve a bare PocketBase from the folder it
// names, so that the comparison runs in a process of its own, as ours does.
const (
	bareEnv  = "LANCERSHUB_BENCH_BARE"
	bareAddr = "LANCERSHUB_BENCH_BARE_ADDR"
	// bareReady is the line it prints when it can be asked.
	bareReady = "ready"
	rows      = 200
)

// startBare starts the bare PocketBase and returns its address.
func startBare(b *testing.B) string {
	b.Helper()
	addr, _ := bareProcess(b, func(string) {})
	return "http://" + addr
}

// bareProcess runs this test binary as a bare PocketBase on an empty folder, calls
// each with every line it prints until it is ready, and returns its address.
func bareProcess(b *testing.B, each func(line string), env ...string) (addr string, pid int) {
	b.Helper()
	addr = process.FreePort(b)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), bareEnv+"="+filepath.Join(b.TempDir(), "bare"), bareAddr+"="+addr), env...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if lines.Text() == bareReady {
			return addr, cmd.Process.Pid
		}
		each(lines.Text())
	}
	b.Fatal("The bare PocketBase did not start")
	return "", 0
}

// serveBare is PocketBase itself with our projects collection, its rule, as many
// rows, and nothing else of ours.
func serveBare(dir string) error {
	return serveBareWith(dir, func(app core.App) error {
		col, err := projectsCollection()
		if err != nil {
			return err
		}
		if err := app.Save(col); err != nil {
			return err
		}
		for i := range rows {
			record := core.NewRecord(col)
			record.Load(map[string]any{
				"title": "A shop for teapots", "currency": "EUR", "budgetMin": 1000, "budgetMax": 900_000, "status": "open", "version": 2,
				"client": "abcdefghijklmno", "publishedAt": time.Now().Add(time.Duration(i) * time.Second),
			})
			if err := app.SaveNoValidate(record); err != nil {
				return err
			}
		}
		return nil
	})
}

// serveBareWith serves a bare PocketBase from dir after fill has put something into it.
func serveBareWith(dir string, fill func(app core.App) error) error {
	app := core.NewBaseApp(core.BaseAppConfig{DataDir: dir})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := fill(app); err != nil {
		return err
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.InstallerFunc = nil
		if err := e.Next(); err != nil {
			return err
		}
		fmt.Println(bareReady)
		return nil
	})
	return apis.Serve(app, apis.ServeConfig{HttpAddr: os.Getenv(bareAddr)})
}

// projectsCollection reads our projects collection from the golden schema.
func projectsCollection() (*core.Collection, error) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "collections", "testdata", "projects.json"))
	if err != nil {
		return nil, err
	}
	var schema map[string]json.RawMessage
	if err := json.Unmarshal(raw, &schema); err != nil {
		return nil, err
	}
	col := core.NewBaseCollection(collections.Projects)
	return col, json.Unmarshal(schema[collections.Projects], col)
}
