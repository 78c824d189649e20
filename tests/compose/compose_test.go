// Package compose checks docker-compose.yml with the library docker compose
// itself reads it with. It is a module of its own: nothing of the product needs it.
package compose

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const root = "../.."

// environment runs `make compose-env` in a copy of the folder and returns the .env it made.
func environment(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Makefile"), makefile, 0o600); err != nil {
		t.Fatal(err)
	}
	make := func() ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", "compose-env")
		cmd.Dir = dir
		return cmd.CombinedOutput()
	}
	if out, err := make(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	path := filepath.Join(dir, ".env")
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("Expected .env to be readable by its owner only, got %v %v", info.Mode(), err)
	}
	if out, err := make(); err == nil || !strings.Contains(string(out), "left alone") {
		t.Errorf("Expected an existing .env to be left alone, got %v\n%s", err, out)
	}
	if second, _ := os.ReadFile(path); string(second) != string(first) {
		t.Error("Expected an existing .env not to change")
	}
	return path
}

func load(t *testing.T, env ...cli.ProjectOptionsFn) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")}, append([]cli.ProjectOptionsFn{cli.WithWorkingDirectory(root)}, env...)...)
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func TestComposeRefusesToStartWithoutSecrets(t *testing.T) {
	if _, err := load(t); err == nil || !strings.Contains(err.Error(), "make compose-env") {
		t.Errorf("Expected compose to say what to do about the missing .env, got %v", err)
	}
}

func TestCompose(t *testing.T) {
	project, err := load(t, cli.WithEnvFiles(environment(t)), cli.WithDotEnv)
	if err != nil {
		t.Fatal(err)
	}
	names := project.ServiceNames()
	slices.Sort(names)
	if want := []string{"gateway", "messages", "payments", "projects", "storage", "users"}; !slices.Equal(names, want) {
		t.Fatalf("Expected the services %v, got %v", want, names)
	}
	for name, service := range project.Services {
		if service.HealthCheck == nil || len(service.HealthCheck.Test) == 0 {
			t.Errorf("Expected %s to have a health check", name)
		}
		if !service.ReadOnly || !slices.Contains(service.CapDrop, "ALL") || !slices.Contains(service.SecurityOpt, "no-new-privileges:true") || service.Privileged {
			t.Errorf("Expected %s to run without rights", name)
		}
		if service.Restart != types.RestartPolicyUnlessStopped {
			t.Errorf("Expected %s to start again after a crash", name)
		}
		if (name == "gateway") != (len(service.Ports) > 0) {
			t.Errorf("Expected the gateway alone to be reachable from outside, %s has %v", name, service.Ports)
		}
		for other, dependency := range service.DependsOn {
			if dependency.Condition != types.ServiceConditionHealthy {
				t.Errorf("Expected %s to wait until %s is healthy", name, other)
			}
		}
		for _, volume := range service.Volumes {
			if name != "gateway" && volume.Type != types.VolumeTypeVolume {
				t.Errorf("Expected the data of %s to be in a named volume, got %v", name, volume)
			}
		}
		if name != "gateway" && len(service.Volumes) == 0 {
			t.Errorf("Expected the data of %s to be in a named volume", name)
		}
		if service.Build == nil || service.Build.Target == "" {
			t.Errorf("Expected %s to be built from the Dockerfile", name)
		}
	}
	for name, want := range map[string][]string{
		"storage": {"inside"}, "projects": {"inside"}, "messages": {"inside"},
		"users": {"inside", "outward"}, "payments": {"inside", "outward"}, "gateway": {"inside", "outward"},
	} {
		if got := slices.Sorted(maps.Keys(project.Services[name].Networks)); !slices.Equal(got, want) {
			t.Errorf("Expected %s in the networks %v, got %v: who calls nobody outside cannot", name, want, got)
		}
	}
	if !project.Networks["inside"].Internal {
		t.Error("Expected no way out of the network inside")
	}
	for _, port := range project.Services["gateway"].Ports {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("Expected the gateway to listen on this machine until told otherwise, got %v", port)
		}
	}
	for name, wants := range map[string][]string{
		"gateway": {"users", "projects", "payments", "messages"}, "users": {"storage"}, "projects": {"users", "storage"}, "payments": {"users"}, "messages": {"users"},
	} {
		for _, want := range wants {
			if _, ok := project.Services[name].DependsOn[want]; !ok {
				t.Errorf("Expected %s to start after %s", name, want)
			}
		}
	}
}

// TestTheImageIsBuiltWithTheToolchain: the Dockerfile names the one of go.mod.
func TestTheImageIsBuiltWithTheToolchain(t *testing.T) {
	version := func(file, before string) string {
		raw, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		_, after, found := strings.Cut(string(raw), before)
		if !found {
			t.Fatalf("Expected %q in %s", before, file)
		}
		return strings.Fields(after)[0]
	}
	if image, module := version("Dockerfile", "ARG GO_VERSION="), version("go.mod", "\ntoolchain go"); image != module {
		t.Errorf("Expected the Dockerfile to build with Go %s, got %s", module, image)
	}
}

// TestAnInstanceIsGivenItsOwnKey: where .env has a key for a bucket, its instance
// is given that one and nothing of the common one.
func TestAnInstanceIsGivenItsOwnKey(t *testing.T) {
	path := environment(t)
	common, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, own := range []bool{false, true} {
		env := string(common)
		if own {
			env += "LANCERSHUB_S3_PAYMENTS_ACCESS_KEY=payments-key\nLANCERSHUB_S3_PAYMENTS_SECRET_KEY=payments-secret\n"
		}
		if err := os.WriteFile(path, []byte(env), 0o600); err != nil {
			t.Fatal(err)
		}
		project, err := load(t, cli.WithEnvFiles(path), cli.WithDotEnv)
		if err != nil {
			t.Fatal(err)
		}
		root := *project.Services["storage"].Environment["MINIO_ROOT_PASSWORD"]
		for name, service := range project.Services {
			if name == "storage" || name == "gateway" {
				continue
			}
			key, secret := service.Environment["LANCERSHUB_S3_ACCESS_KEY"], service.Environment["LANCERSHUB_S3_SECRET_KEY"]
			if key == nil || secret == nil || (*secret == root) == (own && name == "payments") {
				t.Errorf("Expected %s to be given its key (own: %v), got %v", name, own, service.Environment)
			}
		}
	}
}

// TestOperate: the service for commands has all four folders, is not started with
// the others, and has no port.
func TestOperate(t *testing.T) {
	project, err := load(t, cli.WithEnvFiles(environment(t)), cli.WithDotEnv, cli.WithProfiles([]string{"operate"}))
	if err != nil {
		t.Fatal(err)
	}
	operate := project.Services["operate"]
	for _, domain := range []string{"users", "projects", "payments", "messages"} {
		if !slices.ContainsFunc(operate.Volumes, func(v types.ServiceVolumeConfig) bool {
			return v.Source == domain && v.Target == "/data/"+domain && v.Volume != nil && v.Volume.Subpath == domain
		}) {
			t.Errorf("Expected the folder of %s, got %v", domain, operate.Volumes)
		}
	}
	if operate.Restart != "no" || len(operate.Ports) > 0 || !operate.ReadOnly || !slices.Contains(operate.CapDrop, "ALL") {
		t.Errorf("Expected a service that runs once and without rights, got %+v", operate)
	}
}

// TestNoPasswordsInTheRepository: every secret comes from .env.
func TestNoPasswordsInTheRepository(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), ": ")
		secret := strings.Contains(name, "PASSWORD") || strings.Contains(name, "SECRET") || strings.Contains(name, "ACCESS_KEY") || strings.Contains(name, "ROOT_USER")
		optional := strings.Contains(value, ":-}") // nothing, unless .env has it
		if found && secret && !optional && !strings.Contains(value, ":?") {
			t.Errorf("Expected a secret without a default: %s", line)
		}
	}
}

// TestDockerComposeReadsIt asks docker compose itself, where there is one.
func TestDockerComposeReadsIt(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "docker", "compose", "version").CombinedOutput(); err != nil {
		t.Skipf("docker compose is missing, so only its library has read the file: %v %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "docker", "compose", "--env-file", environment(t), "config", "--quiet")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestDockerfileHasWhatComposeBuilds: every target there is, no other user than one without rights.
func TestDockerfileHasWhatComposeBuilds(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	users := map[string]string{}
	stage := ""
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 4 && fields[0] == "FROM" && fields[2] == "AS":
			stage = fields[3]
			users[stage] = "root"
		case len(fields) == 2 && fields[0] == "USER":
			users[stage] = fields[1]
		}
	}
	for _, target := range []string{"lancershub", "gateway", "storage"} {
		if user := users[target]; user == "" || user == "root" || strings.HasPrefix(user, "0") {
			t.Errorf("Expected an image %s for a user without rights, got %q", target, user)
		}
	}
}
