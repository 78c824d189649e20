package process

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// NginxServer is a running nginx with the nginx.conf of the repository.
type NginxServer struct {
	Addr   string
	cmd    *exec.Cmd
	config string
	log    lockedBuffer
	done   chan struct{}
}

// lockedBuffer is a buffer that a process writes while a test reads.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// nginxNames maps a domain to its name in nginx.conf.
var nginxNames = map[string]string{
	"users": "LANCERSHUB_USERS", "projects": "LANCERSHUB_PROJECTS", "payments": "LANCERSHUB_PAYMENTS", "messages": "LANCERSHUB_CHATS",
}

// Nginx starts nginx as the gateway to split processes, with the very nginx.conf
// that is deployed, its addresses filled in. settings override LANCERSHUB_* values.
func Nginx(tb testing.TB, processes map[string]*Process, settings map[string]string) *NginxServer {
	tb.Helper()
	binary := Need(tb, "nginx", "install nginx (Debian: apt-get install nginx-light)")
	root := moduleRoot(tb)
	run := tb.TempDir()
	n := &NginxServer{Addr: FreePort(tb), config: filepath.Join(run, "nginx.conf"), done: make(chan struct{})}
	values := map[string]string{
		"LANCERSHUB_LISTEN": n.Addr, "LANCERSHUB_STORAGE": "127.0.0.1:9", "LANCERSHUB_FILES": "domains", "LANCERSHUB_RESOLVER": "127.0.0.1",
		"LANCERSHUB_PUBLIC": filepath.Join(root, "pb_public"), "LANCERSHUB_PUBLIC_URL": "http://" + n.Addr,
		"LANCERSHUB_TRUSTED_PROXY": "255.255.255.255", "LANCERSHUB_DASHBOARDS": "on", "LANCERSHUB_RUN": run, "LANCERSHUB_INCLUDE": run + "/include",
	}
	for domain, name := range nginxNames {
		values[name] = processes[domain].Addr
	}
	maps.Copy(values, settings)
	template, err := os.ReadFile(filepath.Join(root, "nginx.conf"))
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(n.config, fillIn(tb, template, values), 0o600); err != nil {
		tb.Fatal(err)
	}
	global := "daemon off;"
	if os.Geteuid() == 0 { // the workers must reach the test's folders
		global += " user root;"
	}
	n.cmd = exec.Command(binary, "-p", run, "-e", "/dev/stderr", "-c", n.config, "-g", global)
	n.cmd.Stdout, n.cmd.Stderr = &n.log, &n.log
	if err := n.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		_ = n.cmd.Wait()
		close(n.done)
	}()
	tb.Cleanup(func() { n.end(tb) })
	if err := WaitHealthy(tb.Context(), n.Addr, n.done); err != nil {
		tb.Fatalf("%v\n%s", err, n.Log())
	}
	return n
}

var templated = regexp.MustCompile(`\$\{LANCERSHUB_[A-Z_]+\}`)

// fillIn replaces ${LANCERSHUB_*} as envsubst does.
func fillIn(tb testing.TB, template []byte, values map[string]string) []byte {
	tb.Helper()
	return templated.ReplaceAllFunc(template, func(name []byte) []byte {
		value, ok := values[string(name[2:len(name)-1])]
		if !ok {
			tb.Fatalf("nginx.conf asks for %s, which nothing sets", name)
		}
		return []byte(value)
	})
}

// moduleRoot is the folder of go.mod.
func moduleRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for dir != "/" {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	tb.Fatal("Expected a go.mod above the test")
	return ""
}

// Log returns what nginx printed so far: its access and error logs.
func (n *NginxServer) Log() string { return n.log.String() }

// Point changes the address of a domain while nginx runs, as an operator does
// who moved it: edit, test, reload.
func (n *NginxServer) Point(tb testing.TB, from, to string) {
	tb.Helper()
	config, err := os.ReadFile(n.config)
	if err != nil {
		tb.Fatal(err)
	}
	changed := bytes.ReplaceAll(config, []byte("server "+from+";"), []byte("server "+to+";"))
	if bytes.Equal(changed, config) {
		tb.Fatalf("Expected nginx to know %s", from)
	}
	if err := os.WriteFile(n.config, changed, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := n.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		tb.Fatal(err)
	}
}

func (n *NginxServer) end(tb testing.TB) {
	tb.Helper()
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.done:
	case <-time.After(10 * time.Second):
		_ = n.cmd.Process.Kill()
		tb.Errorf("Expected nginx to stop\n%s", n.Log())
	}
}
