// Command miniokeys makes a key for each bucket on a MinIO server, with the policy
// that docs/files.md gives, and prints them as JSON: bucket to access and secret. It
// is a module of its own: nothing of the product administers a storage.
//
//	go run . http://HOST:PORT POLICY.md BUCKET... (root key in MINIO_ROOT_USER, MINIO_ROOT_PASSWORD)
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/minio/madmin-go/v3"
)

// documented is the bucket that the policy in the documentation names.
const documented = "lancershub-users"

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "miniokeys:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return errors.New("usage: miniokeys URL POLICY.md BUCKET...")
	}
	at, err := url.Parse(args[0])
	if err != nil {
		return err
	}
	admin, err := madmin.New(at.Host, os.Getenv("MINIO_ROOT_USER"), os.Getenv("MINIO_ROOT_PASSWORD"), at.Scheme == "https")
	if err != nil {
		return err
	}
	policy, err := policyIn(args[1])
	if err != nil {
		return err
	}
	keys := map[string]any{}
	for _, bucket := range args[2:] {
		secret := rand.Text()
		if err := admin.AddCannedPolicy(ctx, bucket, []byte(strings.ReplaceAll(policy, documented, bucket))); err != nil {
			return fmt.Errorf("failed to make the policy of %s: %w", bucket, err)
		}
		if err := admin.AddUser(ctx, bucket, secret); err != nil {
			return fmt.Errorf("failed to make the user of %s: %w", bucket, err)
		}
		if _, err := admin.AttachPolicy(ctx, madmin.PolicyAssociationReq{Policies: []string{bucket}, User: bucket}); err != nil {
			return fmt.Errorf("failed to give the policy of %s to its user: %w", bucket, err)
		}
		keys[bucket] = map[string]string{"access": bucket, "secret": secret}
	}
	return json.NewEncoder(os.Stdout).Encode(keys)
}

// policyIn reads the policy from a page: the first block of JSON that is one.
func policyIn(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for _, block := range strings.Split(string(raw), "```json\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if json.Valid([]byte(block)) && strings.Contains(block, `"Statement"`) && strings.Contains(block, documented) {
			return block, nil
		}
	}
	return "", fmt.Errorf("%s has no policy for %s", path, documented)
}
