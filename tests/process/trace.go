package process

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Traced is Start with every system call that concerns files and sockets
// recorded by strace in the file trace. ReadTrace reads it once the process has ended.
func Traced(tb testing.TB, trace, addr, data string, env []string, args ...string) *Process {
	tb.Helper()
	strace := Need(tb, "strace", "apt-get install strace")
	// -D makes strace the grandchild: killing the process kills what is traced.
	p := launch(tb, []string{strace, "-D", "-f", "--seccomp-bpf", "-yy", "-xx", "-s", "1048576", "-o", trace,
		"-e", "trace=pwrite64,write,writev,fsync,fdatasync,open,openat,ftruncate,unlink,unlinkat,rename,renameat,renameat2"}, addr, data, env, args...)
	if err := p.WaitHealthy(); err != nil {
		tb.Fatalf("%v\n%s", err, p.Log())
	}
	return p
}

// AgainTraced is Again with a trace.
func (p *Process) AgainTraced(tb testing.TB, trace string) *Process {
	tb.Helper()
	return Traced(tb, trace, p.Addr, p.data, nil, p.args...)
}

// Call is one system call of a traced process. From and To are the lines of the
// trace at which it began and ended: a call ended before another began if and
// only if its To is smaller than the other's From.
type Call struct {
	Name string
	// File is what the descriptor refers to: a path, or "TCP:[local->remote]".
	File string
	// Data is what was written.
	Data []byte
	// Offset of a pwrite64, length of an ftruncate.
	Offset int64
	// Args are the arguments as strace prints them.
	Args     string
	Result   int64
	From, To int
	// Cut says that the process was killed in it: what it was to do may have
	// happened or not.
	Cut bool
}

var (
	callHead    = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\($`)
	resumedHead = regexp.MustCompile(`^(\d+) +<\.\.\. ([a-z0-9_]+) resumed>$`)
	resultPart  = regexp.MustCompile(`\) += (-?\d+|\?)(.*)$`) // ? when the process was killed in it
	filePart    = regexp.MustCompile(`^\d+<((?:[^<>"]|->)*)>`)
	dataPart    = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"`)
)

// ReadTrace returns the calls of a trace in the order in which they began. A call
// that never ended (the process was killed in it) has the last line as its To and -1 as Result.
func ReadTrace(tb testing.TB, path string) []*Call {
	tb.Helper()
	file, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	var calls []*Call
	open := map[string]*Call{}
	lines := bufio.NewReaderSize(file, 1<<20)
	number := 0
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		number++
		line = strings.TrimSuffix(line, "\n")
		head, rest := splitLine(line)
		if match := resumedHead.FindStringSubmatch(head); match != nil {
			if call := open[match[1]]; call != nil {
				call.Args += rest
				call.end(number)
				delete(open, match[1])
			}
			continue
		}
		match := callHead.FindStringSubmatch(head)
		if match == nil {
			continue // a signal, or the end of a thread
		}
		call := &Call{Name: match[2], Args: rest, From: number, Result: -1, Cut: true}
		calls = append(calls, call)
		if rest, unfinished := strings.CutSuffix(call.Args, " <unfinished ...>"); unfinished {
			call.Args = rest
			open[match[1]] = call
			continue
		}
		call.end(number)
	}
	for _, call := range open {
		call.end(number)
		call.Result = -1
	}
	return calls
}

// splitLine returns what is before the arguments of a line, with the bracket that
// opens them, and the rest. Lines are long, so that no expression is to see all of one.
func splitLine(line string) (head, rest string) {
	cut := strings.IndexAny(line, "(>") + 1
	return line[:cut], line[cut:]
}

// end reads the arguments once the call is complete. What is written is between
// the first and the last quotation mark, and long: it is looked for around it.
func (c *Call) end(line int) {
	c.To = line
	if match := resultPart.FindStringSubmatch(c.Args[strings.LastIndexByte(c.Args, '"')+1:]); match != nil {
		if match[1] != "?" {
			c.Result, _ = strconv.ParseInt(match[1], 10, 64)
			c.Cut = false
		}
		if strings.HasPrefix(c.Name, "open") {
			if file := filePart.FindStringSubmatch(match[1] + match[2]); file != nil {
				c.File = unhex(file[1])
			}
		}
		c.Args = strings.TrimSuffix(c.Args, match[0])
	}
	before, after, quoted := strings.Cut(c.Args, `"`)
	if match := filePart.FindStringSubmatch(before); match != nil && !strings.HasPrefix(c.Name, "open") {
		c.File = unhex(match[1])
	}
	if data, _, closed := strings.Cut(after, `"`); quoted && closed && strings.Contains(c.Name, "write") {
		c.Data = []byte(unhex(data))
	}
	if c.Name == "pwrite64" || c.Name == "ftruncate" {
		c.Offset, _ = strconv.ParseInt(c.Args[strings.LastIndex(c.Args, " ")+1:], 10, 64)
	}
}

// Path returns the nth path among the arguments of a call that takes paths.
func (c *Call) Path(n int) string {
	all := dataPart.FindAllStringSubmatch(c.Args, -1)
	if n >= len(all) {
		return ""
	}
	return unhex(all[n][1])
}

// String describes the call without its data.
func (c *Call) String() string {
	return fmt.Sprintf("%d-%d %s(%s, %d bytes, %d) = %d", c.From, c.To, c.Name, c.File, len(c.Data), c.Offset, c.Result)
}

// unhex decodes strace -xx: `\x2f\x61` is "/a".
func unhex(text string) string {
	const width = len(`\x2f`)
	decoded := make([]byte, len(text)/width)
	for n := range decoded {
		part := text[n*width:]
		if _, err := hex.Decode(decoded[n:], []byte(part[2:width])); err != nil || part[:2] != `\x` {
			return text
		}
	}
	if len(text)%width != 0 {
		return text
	}
	return string(decoded)
}
