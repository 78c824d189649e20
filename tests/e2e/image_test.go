package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// TestOnAnEmptyFileSystem runs the binary as the container image does (Dockerfile,
// FROM scratch): nothing around it but a data folder, as a user without rights.
func TestOnAnEmptyFileSystem(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("Only root may change the root folder, so this was not tested")
	}
	const nobody = 65532
	root := t.TempDir()
	copyFile(t, process.Binary(t), filepath.Join(root, "lancershub"))
	for _, dir := range []string{"data", "tmp"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(filepath.Join(root, dir), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	inside := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "/lancershub", args...)
		cmd.Dir, cmd.Env = "/", []string{}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return cmd
	}
	addr := process.FreePort(t)
	server := inside("serve", "--http", addr, "--data", "/data")
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		if err := server.Wait(); err != nil {
			t.Errorf("Expected a graceful stop, got %v\n%s", err, log.String())
		}
	}()
	if err := process.WaitHealthy(t.Context(), addr, nil); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if out, err := inside("health", "--http", addr).CombinedOutput(); err != nil || !strings.Contains(string(out), `"ready": true`) {
		t.Errorf("Expected the health check of the image to pass, got %v\n%s", err, out)
	}
	if out, err := inside("health", "--http", process.FreePort(t)).CombinedOutput(); err == nil {
		t.Errorf("Expected the health check to fail where nothing answers, got %s", out)
	}
	m := tests.Remote(t, "http://"+addr)
	person := m.User(collections.RoleFreelancer)
	person.Do(http.MethodPatch, "/api/users/api/collections/users/records/"+person.ID, tests.Body{"timezone": "Europe/Lisbon"}).Want(t, http.StatusOK, "")
	if page := m.Guest().Do(http.MethodGet, "/", nil); !bytes.Contains(page.Raw, []byte("<html")) {
		t.Errorf("Expected the web app, got %.200s", page.Raw)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(target, source); err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
}
