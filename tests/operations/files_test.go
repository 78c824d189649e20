package operations

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/storage"
	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

func quiet(string, float64) {}

// office is a marketplace with a picture, a deliverable and a file in a chat.
type office struct {
	*tests.Story
	avatar        string
	picture, work []byte
	deliverable   *tests.Response
}

func withFiles(t *testing.T, m *tests.Market) *office {
	t.Helper()
	o := &office{Story: tests.Funded(m), picture: tests.Picture(t, 300, true), work: tests.Bytes(9 << 20)}
	saved := o.Freelancer.Form(http.MethodPatch, "/api/users/api/collections/users/records/"+o.Freelancer.ID, nil, tests.Attachment{Field: "avatar", Name: "me.png", Content: o.picture})
	saved.Want(t, http.StatusOK, "")
	o.avatar = "/api/users/api/files/users/" + o.Freelancer.ID + "/" + saved.Text("avatar")
	o.deliverable = o.Freelancer.Upload(collections.DomainProjects, "milestone", o.Milestone, "shop.zip", o.work, nil)
	m.Deliver()
	return o
}

// there checks that the marketplace m serves the files.
func (o *office) there(t *testing.T, m *tests.Market) {
	t.Helper()
	if got := m.Guest().Fetch(o.avatar); got.Status != http.StatusOK || !bytes.Equal(got.Raw, o.picture) {
		t.Errorf("Expected the picture, got %d", got.Status)
	}
	client := o.Client.At(m)
	got := client.Fetch(client.FileURL(collections.DomainProjects, collections.Deliverables, o.deliverable.Text("id"), o.deliverable.Text("file")))
	if got.Status != http.StatusOK || !bytes.Equal(got.Raw, o.work) || got.Header.Get("Content-Disposition") != "attachment; filename=shop.zip" {
		t.Errorf("Expected the deliverable, got %d %v", got.Status, got.Header)
	}
}

// reopen starts a marketplace on the data of another, with changed options.
func reopen(t *testing.T, m *tests.Market, change func(*services.Options)) *tests.Market {
	t.Helper()
	return tests.New(t, func(o *services.Options) {
		o.DataDir, o.Clock = m.Options.DataDir, m.Clock
		change(o)
	})
}

// TestFilesAreBackedUp: a backup has the files that its records name, a restored
// marketplace serves them, and a damaged or missing one is noticed.
func TestFilesAreBackedUp(t *testing.T) {
	t.Parallel()
	to := t.TempDir()
	backedUp(t, services.Options{}, to, func(path, name string, content []byte) error {
		file := filepath.Join(path, filepath.FromSlash(name))
		if content == nil {
			return os.Remove(file)
		}
		return os.WriteFile(file, content, 0o600)
	})
}

// TestFilesAreBackedUpOnS3 is the same with a bucket, and a key of its own.
func TestFilesAreBackedUpOnS3(t *testing.T) {
	t.Parallel()
	server := process.S3(t, "the-backups")
	client, err := storage.NewClient(server, "the-backups")
	if err != nil {
		t.Fatal(err)
	}
	const to = "s3://the-backups/market"
	options := services.Options{BackupStorage: at(server)}
	backedUp(t, options, to, func(path, name string, content []byte) error {
		key := strings.TrimPrefix(path, "s3://the-backups/") + "/" + name
		if content == nil {
			return client.Remove(t.Context(), key)
		}
		return client.Put(t.Context(), storage.Object{Key: key, Size: int64(len(content))}, bytes.NewReader(content))
	})
	left := func() (keys int) {
		if err := client.List(t.Context(), "", "", func(storage.Object) error { keys++; return nil }); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	if left() == 0 {
		t.Fatal("Expected a backup in the bucket")
	}
	if removed, err := services.PruneBackups(t.Context(), options, to, 1); err != nil || len(removed) != 0 {
		t.Errorf("Expected the newest backup to be kept, got %v %v", removed, err)
	}
	if err := client.Put(t.Context(), storage.Object{Key: "market/lancershub-20250101T000000Z/users/x", Size: 1}, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if removed, err := services.PruneBackups(t.Context(), options, to, 1); err != nil || len(removed) != 1 || removed[0] != "lancershub-20250101T000000Z" {
		t.Errorf("Expected what an interrupted backup left to be removed, got %v %v", removed, err)
	}
}

// at are the options for an S3 server.
func at(server storage.Endpoint) services.StorageOptions {
	return services.StorageOptions{Endpoint: server.URL, AccessKey: server.Access, SecretKey: server.Secret}
}

// backedUp takes a backup, restores it and damages it: put stores content in it, or removes what is there.
func backedUp(t *testing.T, where services.Options, to string, put func(path, name string, content []byte) error) {
	t.Helper()
	m := tests.New(t, func(options *services.Options) { options.BackupStorage = where.BackupStorage })
	o := withFiles(t, m)
	path, manifest, err := services.Backup(t.Context(), m.Options, to, "test", quiet)
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Objects) != 2 || len(manifest.Missing) != 0 {
		t.Errorf("Expected two files, got %v %v", manifest.Objects, manifest.Missing)
	}
	target := services.Options{DataDir: filepath.Join(t.TempDir(), "restored"), Logger: m.Options.Logger, BackupStorage: where.BackupStorage}
	verify := func(path string) error {
		_, err := services.Restore(t.Context(), target, path, services.RestoreOptions{VerifyOnly: true}, quiet)
		return err
	}
	if err := verify(path); err != nil {
		t.Fatal(err)
	}
	if err := verify(to); err == nil || !strings.Contains(err.Error(), "backup_incomplete") || !strings.Contains(err.Error(), "the newest in") {
		t.Errorf("Expected to be told of the backup that is there, got %v", err)
	}
	if _, err := services.Restore(t.Context(), target, path, services.RestoreOptions{}, quiet); err != nil {
		t.Fatal(err)
	}
	o.there(t, tests.New(t, func(options *services.Options) { options.DataDir, options.Clock = target.DataDir, m.Clock }))
	for _, name := range []string{slices.Sorted(maps.Keys(manifest.Objects))[0], "payments/data.db.zst", "users/settings.key"} {
		for _, content := range [][]byte{[]byte("something else"), nil} {
			if err := put(path, name, content); err != nil {
				t.Fatal(err)
			}
			if err := verify(path); err == nil || !strings.Contains(err.Error(), "backup_damaged") {
				t.Errorf("Expected to hear that %s is damaged or missing, got %v", name, err)
			}
		}
	}
}

// TestABackupIsNotPutJustAnywhere: what cannot work is refused before anything is copied.
func TestABackupIsNotPutJustAnywhere(t *testing.T) {
	t.Parallel()
	m := tests.New(t)
	server := process.S3(t, "the-backups")
	wrong := server
	wrong.Secret = "another"
	for name, try := range map[string]struct {
		to, says string
		server   storage.Endpoint
	}{
		"no server":            {"s3://the-backups/a", "LANCERSHUB_BACKUP_S3_ENDPOINT", storage.Endpoint{}},
		"no key":               {"s3://the-backups/a", "LANCERSHUB_BACKUP_S3_ACCESS_KEY", storage.Endpoint{URL: server.URL}},
		"no bucket":            {"s3://", "names no bucket", server},
		"no name of a bucket":  {"s3://A_B/a", "no name of a bucket", server},
		"a bucket for files":   {"s3://lancershub-users/a", "bucket for files", server},
		"another's key":        {"s3://the-backups/a", "storage_unavailable", wrong},
		"nobody at this place": {"s3://the-backups/a", "storage_unavailable", storage.Endpoint{URL: "http://127.0.0.1:9", Keys: server.Keys}},
	} {
		options := m.Options
		options.BackupStorage = at(try.server)
		if _, _, err := services.Backup(t.Context(), options, try.to, "test", quiet); err == nil || !strings.Contains(err.Error(), try.says) {
			t.Errorf("%s: expected %q, got %v", name, try.says, err)
		}
	}
}

// TestAKeyForEachBucketOnS3: each domain has a key of its own, which opens its
// bucket and no other, and that is all the marketplace needs.
func TestAKeyForEachBucketOnS3(t *testing.T) {
	t.Parallel()
	options := keyForEach(t)
	m := tests.New(t, func(o *services.Options) { o.Storage = options })
	o := withFiles(t, m)
	o.there(t, m)
	findings := services.Doctor(t.Context(), m.Options, services.DoctorOptions{})
	for _, f := range findings {
		if f.Check == "storage" && f.Level != services.LevelOK {
			t.Errorf("Expected every domain to reach its bucket, got %+v", f)
		}
	}
	report, err := services.VerifyStorage(t.Context(), m.Options, false)
	if err != nil || report.Open() != 0 {
		t.Errorf("Expected records and files to agree, got %+v %v", report, err)
	}
	delete(options.DomainKeys, collections.DomainUsers)
	without := m.Options
	without.DataDir, without.HTTPAddr, without.Storage = t.TempDir(), "127.0.0.1:0", options
	if _, err := services.Start(t.Context(), without, hooks.Bind, fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "LANCERSHUB_S3_USERS_ACCESS_KEY") {
		t.Errorf("Expected a start without a key to say which is missing, got %v", err)
	}
}

// TestACopyWithoutAttributes: a data folder that was copied without extended
// attributes has lost the names and types of files, and the doctor says so.
func TestACopyWithoutAttributes(t *testing.T) {
	t.Parallel()
	m := tests.New(t)
	withFiles(t, m)
	copied := filepath.Join(t.TempDir(), "copied")
	if err := os.CopyFS(copied, os.DirFS(m.Options.DataDir)); err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]services.Level{m.Options.DataDir: services.LevelOK, copied: services.LevelWarning} {
		if data == copied && len(must(filepath.Glob(filepath.Join(data, "users", "objects.meta", "*")))) > 0 {
			t.Skip("This file system has no extended attributes, so there are none to lose")
		}
		findings := services.Doctor(t.Context(), services.Options{DataDir: data, HTTPAddr: process.FreePort(t), Logger: m.Options.Logger}, services.DoctorOptions{})
		for _, f := range findings {
			if f.Check == "storage" && (f.Domain == collections.DomainUsers || f.Domain == collections.DomainProjects) && f.Level != want {
				t.Errorf("Expected %s of %s, got %+v", want, data, f)
			}
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// TestFilesLeaveRoomForMoney: on a disk with little room left, files are refused with
// a code, and people go on paying.
func TestFilesLeaveRoomForMoney(t *testing.T) {
	needMounts(t)
	data := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	p := process.StartBehind(t, []string{"unshare", "-rm", "sh", "-c", `mount -t tmpfs -o size=280m none "$0" && exec "$@"`, data}, process.FreePort(t), data)
	m := tests.Remote(t, "http://"+p.Addr)
	s := tests.Funded(m)
	s.Freelancer.StartUpload(collections.DomainProjects, "milestone", s.Milestone, "shop.zip", 200<<20, nil).Want(t, http.StatusServiceUnavailable, services.CodeStorageFull)
	small := s.Freelancer.StartUpload(collections.DomainProjects, "milestone", s.Milestone, "shop.zip", 1<<20, nil)
	if small.Status != http.StatusOK && small.Code() != services.CodeStorageFull { // depends on what the databases took
		t.Errorf("Expected an answer with a code, got %d %s", small.Status, small.Raw)
	}
	path := "/api/users/api/collections/users/records/" + s.Freelancer.ID
	s.Freelancer.Form(http.MethodPatch, path, map[string]string{"headline": strings.Repeat("x", 100), "bio": strings.Repeat("x", 28<<20)}).Want(t, http.StatusServiceUnavailable, services.CodeStorageFull)
	s.Client.Command(collections.DomainProjects, "milestones/"+s.Milestone+"/approve", tests.Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	tests.Funded(m)
}

// keyForEach runs an S3 server with a key for each bucket: MinIO where the environment names one.
func keyForEach(t *testing.T) (options services.StorageOptions) {
	t.Helper()
	if binary := os.Getenv(process.MinIOEnv); binary != "" {
		server := process.MinIO(t, binary)
		keys := process.MinIOKeys(t, server, bucketsOf("lancershub")...)
		for _, domain := range collections.Domains {
			own := keys["lancershub-"+string(domain)]
			options.SetKey(domain, own.Access, own.Secret)
		}
		options.Endpoint = server.URL
		return options
	}
	buckets := []storage.Bucket{}
	for _, domain := range collections.Domains {
		keys := storage.NewKeys(string(domain))
		options.SetKey(domain, keys.Access, keys.Secret)
		buckets = append(buckets, storage.Bucket{Name: "lancershub-" + string(domain), Dir: filepath.Join(t.TempDir(), string(domain)), Keys: keys})
	}
	server, err := storage.Serve(t.Context(), "", buckets...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	options.Endpoint = "http://" + server.Addr
	return options
}

// TestStorageVerify: records without objects and objects without records are
// found, and what a crash left behind is swept.
func TestStorageVerify(t *testing.T) {
	t.Parallel()
	m := tests.New(t)
	o := withFiles(t, m)
	if got := m.Guest().Do(http.MethodGet, o.avatar+"?thumb=64x64", nil); got.Status != http.StatusOK {
		t.Errorf("Expected a thumbnail, got %d", got.Status)
	}
	options := m.Options
	options.Clock = services.SystemClock{}
	report, err := services.VerifyStorage(t.Context(), options, false)
	if err != nil || len(report.Findings) != 0 || report.Records != 2 || report.Objects != 3 {
		t.Fatalf("Expected records and files to agree, got %+v %v", report, err)
	}
	files := m.Instances[collections.DomainProjects].Files
	if err := files.Put(t.Context(), storage.Object{Key: "left/by/a-crash", Size: 4, Type: "text/plain"}, strings.NewReader("left")); err != nil {
		t.Fatal(err)
	}
	if report, err = services.VerifyStorage(t.Context(), options, true); err != nil || len(report.Findings) != 0 || report.Recent != 1 {
		t.Errorf("Expected a new object to be given time, got %+v %v", report, err)
	}
	clock := services.NewSetClock(time.Now().Add(25 * time.Hour))
	options.Clock = clock
	if report, err = services.VerifyStorage(t.Context(), options, false); err != nil || report.Open() != 1 || report.Findings[0].Problem != "orphan" || report.Findings[0].Key != "left/by/a-crash" {
		t.Errorf("Expected the orphan, got %+v %v", report, err)
	}
	projects := m.Instances[collections.DomainProjects]
	projects.Clock = clock
	if err := projects.SweepFiles(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := files.Stat(t.Context(), "left/by/a-crash"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Expected the sweep to remove it, got %v", err)
	}
	o.there(t, m) // and nothing else
	record, err := projects.App.FindRecordById(collections.Deliverables, o.deliverable.Text("id"))
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Remove(t.Context(), record.BaseFilesPath()+"/"+record.GetString("file")); err != nil {
		t.Fatal(err)
	}
	if report, err = services.VerifyStorage(t.Context(), options, true); err != nil || report.Open() != 1 || report.Findings[0].Problem != "missing" || report.Findings[0].Record != record.Id || report.Findings[0].Mend == "" {
		t.Errorf("Expected the missing file with advice, got %+v %v", report, err)
	}
	if got := o.Client.Do(http.MethodGet, o.Client.FileURL(collections.DomainProjects, collections.Deliverables, record.Id, record.GetString("file")), nil); got.Status != http.StatusNotFound {
		t.Errorf("Expected a missing file to be not found, got %d", got.Status)
	}
}

// elsewhere starts an S3 server with one key for all buckets, as an operator would configure one.
func elsewhere(t *testing.T) services.StorageOptions {
	t.Helper()
	keys, buckets, dir := storage.NewKeys("operator"), []storage.Bucket{}, t.TempDir()
	for _, domain := range collections.Domains {
		buckets = append(buckets, storage.Bucket{Name: "elsewhere-" + string(domain), Dir: filepath.Join(dir, string(domain)), Keys: keys})
	}
	server, err := storage.Serve(t.Context(), "", buckets...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return services.StorageOptions{Endpoint: "http://" + server.Addr, Prefix: "elsewhere", AccessKey: keys.Access, SecretKey: keys.Secret}
}

// TestStorageCopy moves a marketplace from the embedded storage to another S3
// server: the copy can be repeated, and the files are served from there.
func TestStorageCopy(t *testing.T) {
	t.Parallel()
	m := tests.New(t)
	o := withFiles(t, m)
	to := elsewhere(t)
	none := func(collections.Domain, int64, int64) {}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := services.CopyStorage(ctx, m.Options, to, func(collections.Domain, int64, int64) { cancel() })
	if err == nil {
		t.Error("Expected an interrupted copy to say so")
	}
	report, err := services.CopyStorage(t.Context(), m.Options, to, none)
	if err != nil || report.Copied+report.Skipped != 2 || report.Skipped == 0 {
		t.Errorf("Expected the copy to go on, got %+v %v", report, err)
	}
	if report, err = services.CopyStorage(t.Context(), m.Options, to, none); err != nil || report.Copied != 0 || report.Skipped != 2 {
		t.Errorf("Expected nothing more to copy, got %+v %v", report, err)
	}
	var deeds []string
	if _, err := services.VerifyAuditIn(m.Options, collections.DomainProjects, func(row services.AuditRow) { deeds = append(deeds, row.Action+" "+row.Subject) }); err != nil {
		t.Fatal(err)
	}
	if len(deeds) < 2 || deeds[len(deeds)-1] != "storage copy "+to.Endpoint {
		t.Errorf("Expected the audit log to tell of the copies, got %q", deeds)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(m.Options.DataDir, "projects", "objects")); err != nil {
		t.Fatal(err)
	}
	moved := reopen(t, m, func(options *services.Options) { options.Storage = to })
	o.there(t, moved)
}

// TestFilesOfOlderInstallations: what PocketBase kept in a folder is moved into the storage on start.
func TestFilesOfOlderInstallations(t *testing.T) {
	t.Parallel()
	m := tests.New(t)
	o := withFiles(t, m)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(m.Options.DataDir, "users")
	if err := os.RemoveAll(filepath.Join(users, "objects", ".sgwtmp")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(users, "objects"), filepath.Join(users, "storage")); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, m, func(*services.Options) {})
	o.there(t, again)
	if _, err := os.Stat(filepath.Join(users, "storage.moved")); err != nil {
		t.Errorf("Expected the folder to be kept under another name: %v", err)
	}
}

// TestStorageDown: without the storage the marketplace starts and works, and says
// what it cannot do.
func TestStorageDown(t *testing.T) {
	t.Parallel()
	m := tests.New(t)
	o := withFiles(t, m)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	down, err := services.Start(t.Context(), services.Options{
		DataDir: m.Options.DataDir, HTTPAddr: "127.0.0.1:0", Clock: m.Clock, Manual: true, NoRateLimits: true, Logger: m.Options.Logger,
		Storage: services.StorageOptions{Endpoint: "http://127.0.0.1:9", AccessKey: "a", SecretKey: "b"},
	}, hooks.Bind, fstest.MapFS{"index.html": {Data: []byte("the web app")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = down.Close() })
	base := "http://" + down.Addr
	get := func(path string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var body bytes.Buffer
		_, _ = body.ReadFrom(res.Body)
		return res.StatusCode, body.String()
	}
	if status, body := get(o.avatar); status != http.StatusServiceUnavailable || !strings.Contains(body, services.CodeStorageUnavailable) {
		t.Errorf("Expected to hear that files cannot be reached, got %d %s", status, body)
	}
	if status, body := get("/s3/lancershub-users/a?X-Amz-Signature=0"); status != http.StatusServiceUnavailable || !strings.Contains(body, services.CodeStorageUnavailable) {
		t.Errorf("Expected the same at the door, got %d %s", status, body)
	}
	if status, body := get("/readyz"); status != http.StatusOK || !strings.Contains(body, `"storage":"does not answer"`) {
		t.Errorf("Expected readiness to show it, got %d %s", status, body)
	}
	if status, _ := get("/api/projects/api/collections/projects/records"); status != http.StatusOK {
		t.Errorf("Expected everything else to work, got %d", status)
	}
}
