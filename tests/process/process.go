// Package process runs the real binary for tests: started, watched, killed and
// started again, as one process or as one per domain.
package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// binary is built once per test run, with failpoints.
// LANCERSHUB_BINARY names one that is built already.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("LANCERSHUB_BINARY"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "lancershub-binary-*")
	if err != nil {
		return "", err
	}
	built.Store(dir)
	path := filepath.Join(dir, "lancershub")
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("failed to find the module: %w", err)
	}
	build := exec.Command("go", "build", "-tags", "failpoints", "-o", path, ".")
	build.Dir = strings.TrimSpace(string(root))
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // static, as it is shipped
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("failed to build: %w\n%s", err, out)
	}
	return path, nil
})

// Binary returns the path of the binary under test.
func Binary(tb testing.TB) string {
	tb.Helper()
	path, err := binary()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// built is the folder of the binary once there is one.
var built atomic.Value

// Cleanup removes the binary if it was built; TestMain calls it.
func Cleanup() {
	if dir, ok := built.Load().(string); ok {
		_ = os.RemoveAll(dir)
	}
}

// Process is one running lancershub.
type Process struct {
	Addr string
	data string
	args []string
	cmd  *exec.Cmd
	done chan struct{}
	err  error
	mu   sync.Mutex
	log  strings.Builder
}

// FreePort returns an address nobody listens on. It is below the ports from which
// systems choose for outgoing connections (Linux: from 32768): a process that is
// killed must find its address free when it is started again, and a client that
// tries meanwhile could otherwise be given that very port as its own.
func FreePort(tb testing.TB) string {
	tb.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 12_000+rand.IntN(20_000)))
		if err != nil {
			continue // taken
		}
		defer listener.Close()
		return listener.Addr().String()
	}
	tb.Fatal("There is no free port")
	return ""
}

// Start runs `lancershub serve` with args and waits until it answers. env adds
// to the environment. The process is killed when the test ends.
func Start(tb testing.TB, addr, data string, env []string, args ...string) *Process {
	tb.Helper()
	p := Launch(tb, addr, data, env, args...)
	if err := p.WaitHealthy(); err != nil {
		tb.Fatalf("%v\n%s", err, p.Log())
	}
	return p
}

// Launch is Start that does not wait.
func Launch(tb testing.TB, addr, data string, env []string, args ...string) *Process {
	tb.Helper()
	return launch(tb, nil, addr, data, env, args...)
}

// StartBehind is Start with a command in front that becomes the process.
func StartBehind(tb testing.TB, wrapper []string, addr, data string, args ...string) *Process {
	tb.Helper()
	p := launch(tb, wrapper, addr, data, nil, args...)
	if err := p.WaitHealthy(); err != nil {
		tb.Fatalf("%v\n%s", err, p.Log())
	}
	return p
}

// launch runs the binary, behind the command and arguments in wrapper if there are any.
func launch(tb testing.TB, wrapper []string, addr, data string, env []string, args ...string) *Process {
	tb.Helper()
	full := append(wrapper, Binary(tb), "serve")
	full = append(append(full, args...), "--http", addr, "--data", data, "--no-rate-limits")
	p := &Process{Addr: addr, data: data, args: args, cmd: exec.Command(full[0], full[1:]...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		p.collect(stdout)
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	tb.Cleanup(p.Kill)
	return p
}

// Again starts an ended process once more, as it was started before.
func (p *Process) Again(tb testing.TB) *Process {
	tb.Helper()
	return Start(tb, p.Addr, p.data, nil, p.args...)
}

// Moved starts an ended process at another address, on another data folder ("" for
// the same), with from replaced by to among its options.
func (p *Process) Moved(tb testing.TB, addr, data, from, to string) *Process {
	tb.Helper()
	args := make([]string, len(p.args))
	for i, arg := range p.args {
		args[i] = strings.ReplaceAll(arg, from, to)
	}
	if data == "" {
		data = p.data
	}
	return Start(tb, addr, data, nil, args...)
}

func (p *Process) collect(from io.Reader) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
	}
}

// Log returns what the process printed so far.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// WaitHealthy waits until the process answers.
func (p *Process) WaitHealthy() error {
	err := WaitHealthy(context.Background(), p.Addr, p.done)
	if errors.Is(err, errEnded) {
		return fmt.Errorf("%w: %w", err, p.err)
	}
	return err
}

var errEnded = errors.New("the process ended")

// WaitHealthy waits until something healthy answers at addr, or done is closed.
func WaitHealthy(ctx context.Context, addr string, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/healthz", http.NoBody)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-done:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("the process did not answer: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Kill ends the process as kill -9 does.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Stop ends the process gracefully and returns its exit error.
func (p *Process) Stop() error {
	p.end(syscall.SIGTERM)
	return p.err
}

func (p *Process) end(signal syscall.Signal) {
	select {
	case <-p.done:
		return
	default:
	}
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// Ended waits until the process has ended by itself and returns how, or fails the test.
func (p *Process) Ended(tb testing.TB, within time.Duration) error {
	tb.Helper()
	select {
	case <-p.done:
		return p.err
	case <-time.After(within):
		tb.Fatalf("Expected the process to end within %s\n%s", within, p.Log())
		return nil
	}
}

// Run runs lancershub with args to its end and returns what it printed.
func Run(tb testing.TB, args ...string) (string, error) {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), Binary(tb), args...).CombinedOutput()
	return string(out), err
}

// MustRun is Run that must succeed.
func MustRun(tb testing.TB, args ...string) string {
	tb.Helper()
	out, err := Run(tb, args...)
	if err != nil {
		tb.Fatalf("lancershub %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// RSS returns the resident memory of the process in bytes.
func (p *Process) RSS(tb testing.TB) int64 {
	tb.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		tb.Fatal(err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(raw), &size, &resident); err != nil {
		tb.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

// CPU returns how long the process has worked, in user and kernel mode.
func (p *Process) CPU(tb testing.TB) time.Duration {
	tb.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		tb.Fatal(err)
	}
	const tick = 10 * time.Millisecond // what Linux shows times in, on every machine (proc_pid_stat(5))
	var user, kernel int64
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &kernel); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(user+kernel) * tick
}

// Domains lists the domains in the order of their start.
var Domains = []string{"users", "projects", "payments", "messages"}

// Split runs one process per domain and a gateway, and returns the processes by
// name; "gateway" is where people go. args are given to every domain.
func Split(tb testing.TB, data string, args ...string) map[string]*Process {
	tb.Helper()
	addrs := map[string]string{}
	peers := []string{}
	for _, domain := range Domains {
		addrs[domain] = FreePort(tb)
		peers = append(peers, "--peer", domain+"=http://"+addrs[domain])
	}
	processes := map[string]*Process{}
	for _, domain := range Domains {
		processes[domain] = Launch(tb, addrs[domain], data, nil, slices.Concat([]string{domain, "--trust-proxy"}, peers, args)...)
	}
	processes["gateway"] = Launch(tb, FreePort(tb), data, nil, append([]string{"gateway"}, peers...)...)
	for name, p := range processes {
		if err := p.WaitHealthy(); err != nil {
			tb.Fatalf("%s: %v\n%s", name, err, p.Log())
		}
	}
	return processes
}

// Need fails the test in CI, and skips it elsewhere, when a tool is missing.
func Need(tb testing.TB, tool, install string) string {
	tb.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		missing(tb, tool, install)
	}
	return path
}

// NeedFile is Need for what is installed into a folder.
func NeedFile(tb testing.TB, path, what, install string) {
	tb.Helper()
	if _, err := os.Stat(path); err != nil {
		missing(tb, what, install)
	}
}

func missing(tb testing.TB, what, install string) {
	tb.Helper()
	if os.Getenv("CI") != "" {
		tb.Fatalf("%s is missing: %s", what, install)
	}
	tb.Skipf("%s is missing, so this was not tested: %s", what, install)
}

// Died tells whether the process has ended, or does within a moment.
func (p *Process) Died(within time.Duration) bool {
	select {
	case <-p.done:
		return true
	case <-time.After(within):
		return false
	}
}
