//go:build faults

package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// TestTheSDKShowsEveryMessageOnceAndInOrder is the same over the official SDK: two
// programs as two browsers, each behind a bad line of its own, both writing.
func TestTheSDKShowsEveryMessageOnceAndInOrder(t *testing.T) {
	node := process.Need(t, "node", "install Node.js 20 or newer")
	folder := filepath.Join("..", "e2e")
	process.NeedFile(t, filepath.Join(folder, "node_modules"), "The SDK", "run make e2e-install")
	seed := tests.Seed(t)
	count := number("LANCERSHUB_SDK_MESSAGES", 2500)
	talk := newTalk(t)
	ctx, cancel := context.WithCancel(t.Context())
	var troubles, browsers sync.WaitGroup
	type result struct {
		Shown                []string
		Connections, Fetched int
		Broken               string
	}
	results := make([]result, 2)
	for n, person := range []*tests.Person{talk.Client, talk.Freelancer} {
		line := newBadLine(t, talk.running.Addr)
		random := rand.New(rand.NewPCG(seed, uint64(n)))
		troubles.Go(func() { line.trouble(ctx, random) })
		browsers.Go(func() {
			task, err := json.Marshal(map[string]any{
				"base": line.base(), "token": person.Token, "user": person.ID, "chat": talk.chat,
				"name": fmt.Sprintf("browser %d, message", n), "count": count, "total": 2*count + 1,
			})
			if err != nil {
				t.Error(err)
				return
			}
			var problems bytes.Buffer
			cmd := exec.CommandContext(t.Context(), node, "screen.mjs")
			cmd.Dir, cmd.Stdin, cmd.Stderr = folder, bytes.NewReader(task), &problems
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("browser %d: %v\n%s", n, err, problems.String())
				return
			}
			if err := json.Unmarshal(out, &results[n]); err != nil {
				t.Errorf("browser %d: %v: %.300s", n, err, out)
			}
		})
	}
	browsers.Wait()
	cancel()
	troubles.Wait()
	for n, result := range results {
		if result.Broken != "" || len(result.Shown) != 2*count+1 {
			t.Errorf("browser %d: expected %d messages, it shows %d; %s", n, 2*count+1, len(result.Shown), result.Broken)
			continue
		}
		if result.Connections == 0 || result.Fetched >= len(result.Shown) {
			t.Errorf("browser %d: expected it to hear some of it live, it connected %d times and fetched %d", n, result.Connections, result.Fetched)
		}
		once := slices.Compact(slices.Sorted(slices.Values(result.Shown)))
		if len(once) != 2*count+1 {
			t.Errorf("browser %d: some of %d messages are there twice", n, len(result.Shown))
		}
		if !slices.Equal(result.Shown, results[0].Shown) {
			t.Errorf("browser %d shows another order", n)
		}
		t.Logf("browser %d: %d messages, %d connections, %d fetched after the fact", n, len(result.Shown), result.Connections, result.Fetched)
	}
}
