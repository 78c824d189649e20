package tests

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

const projectsDomain, usersDomain = collections.DomainProjects, collections.DomainUsers

// TestAvatar: a small picture and its thumbnail come through the instance, a
// large one from the storage; what is no picture is refused.
func TestAvatar(t *testing.T) {
	t.Parallel()
	m := New(t)
	p := m.User(collections.RoleFreelancer)
	path := "/api/users/api/collections/users/records/" + p.ID
	small := Picture(t, 64, false)
	saved := p.Form(http.MethodPatch, path, nil, Attachment{"avatar", "me.png", small})
	saved.Want(t, http.StatusOK, "")
	file := "/api/users/api/files/users/" + p.ID + "/" + saved.Text("avatar")
	if got := m.Guest().Do(http.MethodGet, file, nil); got.Status != http.StatusOK || !bytes.Equal(got.Raw, small) || got.Header.Get("Content-Type") != "image/png" {
		t.Errorf("Expected the picture, got %d %v", got.Status, got.Header)
	}
	if got := m.Guest().Do(http.MethodGet, file+"?thumb=64x64", nil); got.Status != http.StatusOK || got.Header.Get("Content-Type") != "image/png" {
		t.Errorf("Expected the thumbnail, got %d %v", got.Status, got.Header)
	}
	large := Picture(t, 400, true)
	saved = p.Form(http.MethodPatch, path, nil, Attachment{"avatar", "Ich & <du>.png", large})
	saved.Want(t, http.StatusOK, "")
	if gone := m.Guest().Do(http.MethodGet, file, nil); gone.Status != http.StatusNotFound {
		t.Errorf("Expected the former picture to be gone, got %d", gone.Status)
	}
	file = "/api/users/api/files/users/" + p.ID + "/" + saved.Text("avatar")
	redirect := m.Guest().Do(http.MethodGet, file, nil)
	location := redirect.Header.Get("Location")
	if redirect.Status != http.StatusTemporaryRedirect || !strings.HasPrefix(location, "/s3/lancershub-users/") || redirect.Header.Get("Cache-Control") != "private, no-store" {
		t.Fatalf("Expected a way to the storage, got %d %v", redirect.Status, redirect.Header)
	}
	got := m.Guest().Do(http.MethodGet, location, nil)
	if got.Status != http.StatusOK || !bytes.Equal(got.Raw, large) || got.Header.Get("Content-Type") != "image/png" ||
		got.Header.Get("Content-Disposition") != `inline; filename="Ich & <du>.png"` || !strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("Expected the picture under its name, got %d %v", got.Status, got.Header)
	}
	if ranged := m.Guest().Do(http.MethodGet, location, nil, "Range", "bytes=5-9"); ranged.Status != http.StatusPartialContent || !bytes.Equal(ranged.Raw, large[5:10]) {
		t.Errorf("Expected a range, got %d", ranged.Status)
	}
	if saving := m.Guest().Fetch(file + "?download=1"); !strings.HasPrefix(saving.Header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("Expected a download, got %v", saving.Header)
	}
	p.Form(http.MethodPatch, path, nil, Attachment{"avatar", "page.png", []byte("<html><script>alert(1)</script></html>")}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
}

// TestStorageDoor: what is not signed for somebody does not get through, and what
// gets through does no more than it was signed for.
func TestStorageDoor(t *testing.T) {
	t.Parallel()
	m := New(t)
	p := m.User(collections.RoleFreelancer)
	saved := p.Form(http.MethodPatch, "/api/users/api/collections/users/records/"+p.ID, nil, Attachment{"avatar", "me.png", Picture(t, 400, true)})
	saved.Want(t, http.StatusOK, "")
	good := p.Do(http.MethodGet, "/api/users/api/files/users/"+p.ID+"/"+saved.Text("avatar"), nil).Header.Get("Location")
	if got := p.Do(http.MethodGet, good, nil, "Cookie", "a=b"); got.Status != http.StatusOK {
		t.Fatalf("Expected the session of the marketplace not to disturb the storage, got %d %s", got.Status, got.Raw)
	}
	path, query, _ := strings.Cut(good, "?")
	for name, try := range map[string]struct {
		method, target string
		status         int
		header         []string
	}{
		"no signature":          {http.MethodGet, path, http.StatusNotFound, nil},
		"a list of the bucket":  {http.MethodGet, "/s3/lancershub-users/", http.StatusNotFound, nil},
		"a list of buckets":     {http.MethodGet, "/s3/", http.StatusNotFound, nil},
		"the admin paths":       {http.MethodPatch, "/s3/list-users", http.StatusNotFound, nil},
		"health of the storage": {http.MethodGet, "/s3/minio/health/live", http.StatusNotFound, nil},
		"deleting":              {http.MethodDelete, good, http.StatusNotFound, nil},
		"posting":               {http.MethodPost, good, http.StatusNotFound, nil},
		"writing":               {http.MethodPut, good, http.StatusForbidden, nil},
		"streaming":             {http.MethodPut, good, http.StatusForbidden, []string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}},
		"another object":        {http.MethodGet, strings.Replace(path, p.ID, "anotherperson12", 1) + "?" + query, http.StatusForbidden, nil},
	} {
		got := m.Guest().Do(try.method, try.target, nil, try.header...)
		if got.Status != try.status {
			t.Errorf("%s: expected %d, got %d %.200s", name, try.status, got.Status, got.Raw)
		}
		if server := got.Header.Get("Server"); server != "" {
			t.Errorf("%s: expected nothing about the server, got %s", name, server)
		}
	}
}

// TestAttachmentsFollowTheRecord: files of a project and a proposal are read by
// those who read the record.
func TestAttachmentsFollowTheRecord(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m)
	stranger := m.User(collections.RoleClient, collections.RoleFreelancer)
	text := []byte("what I want, in words\n")
	created := s.Client.Form(http.MethodPost, "/api/projects/api/collections/projects/records",
		map[string]string{"title": "A shop for teapots", "currency": "EUR", "budgetMin": "1000", "budgetMax": "900000"},
		Attachment{"attachments", "brief.txt", text}, Attachment{"attachments", "sketch.png", Picture(t, 32, false)})
	created.Want(t, http.StatusOK, "")
	s.Project = created.Text("id")
	names, _ := created.JSON["attachments"].([]any)
	if len(names) != 2 {
		t.Fatalf("Expected two files, got %s", created.Raw)
	}
	brief := names[0].(string)
	read := func(p *Person) int {
		return p.Fetch(p.FileURL(projectsDomain, collections.Projects, s.Project, brief)).Status
	}
	if a, b, c := read(s.Client), read(stranger), read(m.Guest()); a != http.StatusOK || b != http.StatusNotFound || c != http.StatusNotFound {
		t.Errorf("Expected the files of a draft to be its owner's, got %d %d %d", a, b, c)
	}
	s.Client.Command(projectsDomain, "projects/"+s.Project+"/publish", "", nil).Want(t, http.StatusOK, "")
	if a, b, c := read(s.Client), read(stranger), read(m.Guest()); a != http.StatusOK || b != http.StatusOK || c != http.StatusOK {
		t.Errorf("Expected the files of an open project to be everyone's, got %d %d %d", a, b, c)
	}
	got := m.Guest().Fetch("/api/projects/api/files/projects/" + s.Project + "/" + brief)
	if !bytes.Equal(got.Raw, text) || got.Header.Get("Content-Disposition") != `attachment; filename=brief.txt` || got.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("Expected the text as a download, got %v", got.Header)
	}
	sample := s.Freelancer.Form(http.MethodPost, "/api/projects/api/collections/proposals/records",
		map[string]string{"project": s.Project, "amount": "5000", "days": "3", "coverLetter": "I build shops."}, Attachment{"samples", "work.pdf", []byte("%PDF-1.7\nlooks like one\n")})
	sample.Want(t, http.StatusOK, "")
	s.Proposal = sample.Text("id")
	file := sample.JSON["samples"].([]any)[0].(string)
	for name, person := range map[string]*Person{theClient: s.Client, freelancer: s.Freelancer} {
		if got := person.Fetch(person.FileURL(projectsDomain, collections.Proposals, s.Proposal, file)); got.Status != http.StatusOK || got.Header.Get("Content-Type") != "application/pdf" {
			t.Errorf("Expected the %s to read the sample, got %d", name, got.Status)
		}
	}
	for name, person := range map[string]*Person{stranger.Email: stranger, guest: m.Guest()} {
		if got := person.Do(http.MethodGet, person.FileURL(projectsDomain, collections.Proposals, s.Proposal, file), nil); got.Status != http.StatusNotFound {
			t.Errorf("Expected no sample for %s, got %d", name, got.Status)
		}
	}
	s.Freelancer.Form(http.MethodPatch, "/api/projects/api/collections/proposals/records/"+s.Proposal, nil, Attachment{"samples+", "run.exe", append([]byte("MZ\x90\x00\x03"), make([]byte, 200)...)}).
		Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	// A token for files dies with the session's right to come in.
	path := s.Freelancer.FileURL(projectsDomain, collections.Proposals, s.Proposal, file)
	user, err := m.Instances[usersDomain].App.FindRecordById(collections.Users, s.Freelancer.ID)
	if err != nil {
		t.Fatal(err)
	}
	user.Set(collections.FieldStatus, collections.UserStatusSuspended)
	if err := m.Instances[usersDomain].App.Save(user); err != nil {
		t.Fatal(err)
	}
	m.Deliver()
	if got := m.Guest().Do(http.MethodGet, path, nil); got.Status != http.StatusNotFound {
		t.Errorf("Expected nothing for somebody suspended, got %d", got.Status)
	}
}

// TestDeliverables: a large file goes to the storage in parts, is resumed, checked
// and becomes a deliverable that only the parties see and nobody removes too early.
func TestDeliverables(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	stranger := m.User(collections.RoleFreelancer)
	content := Bytes(20 << 20)
	for name, person := range map[string]*Person{theClient: s.Client, "a stranger": stranger, guest: m.Guest()} {
		if got := person.StartUpload(projectsDomain, "milestone", s.Milestone, "shop.zip", len(content), nil); got.Status < 400 {
			t.Errorf("Expected no upload by %s, got %d", name, got.Status)
		}
	}
	started := s.Freelancer.StartUpload(projectsDomain, "milestone", s.Milestone, "Mein Shop (1).zip", len(content), Body{"sha256": SHA256(content), "note": "The first version."})
	started.Want(t, http.StatusOK, "")
	id := started.Text("id")
	if started.Number("parts") != 3 {
		t.Errorf("Expected 3 parts, got %s", started.Raw)
	}
	for _, path := range []string{"/parts", ""} {
		if got := stranger.Do(http.MethodGet, "/api/projects/api/uploads/"+id+path, nil); got.Status != http.StatusNotFound {
			t.Errorf("Expected nothing about another's upload, got %d", got.Status)
		}
	}
	if s.Freelancer.SendParts(projectsDomain, id, content, 1) != 1 {
		t.Fatal("Expected to send one part")
	}
	half := s.Freelancer.Command(projectsDomain, "uploads/"+id+"/complete", Key(), nil)
	half.Want(t, http.StatusConflict, services.CodeUploadIncomplete)
	if s.Freelancer.SendParts(projectsDomain, id, content, 100) != 2 {
		t.Error("Expected the rest to be two parts")
	}
	stranger.Command(projectsDomain, "uploads/"+id+"/complete", Key(), nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	key := Key()
	done := s.Freelancer.Command(projectsDomain, "uploads/"+id+"/complete", key, nil)
	done.Want(t, http.StatusOK, "")
	for _, again := range []string{key, Key()} {
		if got := s.Freelancer.Command(projectsDomain, "uploads/"+id+"/complete", again, nil); got.Status != http.StatusOK || got.Text("id") != done.Text("id") {
			t.Errorf("Expected the same deliverable, got %d %s", got.Status, got.Raw)
		}
	}
	if done.Text("sha256") != SHA256(content) || done.Number("size") != int64(len(content)) || done.Number("version") != 1 || done.Text("by") != s.Freelancer.ID {
		t.Errorf("Expected the deliverable, got %s", done.Raw)
	}
	for name, person := range map[string]*Person{theClient: s.Client, freelancer: s.Freelancer} {
		got := person.Fetch(person.FileURL(projectsDomain, collections.Deliverables, done.Text("id"), done.Text("file")))
		if got.Status != http.StatusOK || !bytes.Equal(got.Raw, content) || got.Header.Get("Content-Disposition") != `attachment; filename="Mein Shop (1).zip"` {
			t.Errorf("Expected the %s to get the file, got %d %v", name, got.Status, got.Header)
		}
	}
	for name, person := range map[string]*Person{"a stranger": stranger, guest: m.Guest()} {
		if got := person.View(projectsDomain, collections.Deliverables, done.Text("id")); got.Status != http.StatusNotFound {
			t.Errorf("Expected nothing for %s, got %d", name, got.Status)
		}
		if got := person.Do(http.MethodGet, person.FileURL(projectsDomain, collections.Deliverables, done.Text("id"), done.Text("file")), nil); got.Status != http.StatusNotFound {
			t.Errorf("Expected no file for %s, got %d", name, got.Status)
		}
	}
	second := s.Freelancer.Upload(projectsDomain, "milestone", s.Milestone, "Mein Shop (1).zip", []byte("PK\x03\x04 small"), nil)
	if second.Number("version") != 2 {
		t.Errorf("Expected a second version, got %s", second.Raw)
	}
	s.Freelancer.Command(projectsDomain, "milestones/"+s.Milestone+"/submit", "", Body{"deliverables": []string{"notadeliverable"}}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	s.Freelancer.Command(projectsDomain, "milestones/"+s.Milestone+"/submit", "", Body{"deliverables": []string{second.Text("id")}}).Want(t, http.StatusOK, "")
	if first, last := s.Client.View(projectsDomain, collections.Deliverables, done.Text("id")), s.Client.View(projectsDomain, collections.Deliverables, second.Text("id")); first.Text("submittedAt") != "" || last.Text("submittedAt") == "" {
		t.Errorf("Expected the second to be handed in, got %s %s", first.Raw, last.Raw)
	}
	kept := func() {
		t.Helper()
		s.Freelancer.Command(projectsDomain, "deliverables/"+done.Text("id")+"/delete", Key(), nil).Want(t, http.StatusConflict, services.CodeDeliverableKept)
	}
	kept()
	m.Superuser(projectsDomain).Do(http.MethodDelete, "/api/projects/api/collections/deliverables/records/"+done.Text("id"), nil).Want(t, http.StatusForbidden, services.CodeForbidden)
	m.Deliver()
	s.Client.Command(projectsDomain, "milestones/"+s.Milestone+"/approve", Key(), nil).Want(t, http.StatusOK, "")
	m.Deliver()
	s.Client.Command(projectsDomain, "deliverables/"+done.Text("id")+"/delete", Key(), nil).Want(t, http.StatusForbidden, services.CodeForbidden)
	s.Freelancer.Command(projectsDomain, "deliverables/"+done.Text("id")+"/delete", Key(), nil).Want(t, http.StatusOK, "")
	if got := s.Freelancer.StartUpload(projectsDomain, "milestone", s.Milestone, "late.zip", 10, nil); got.Status != http.StatusConflict {
		t.Errorf("Expected no file for what is over, got %d", got.Status)
	}
	m.Sound()
}

// TestUploadsAreChecked: what arrives is compared with what was announced.
func TestUploadsAreChecked(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	for name, body := range map[string]Body{
		"no name": {"name": ""}, "a path": {"name": "../x"}, "no size": {"size": 0}, "half a byte": {"size": 1.5}, "another target": {"target": "chat"},
		"a checksum that is none": {"sha256": "abc"}, "something else": {"key": "mine"}, "a name that is none": {"name": 7},
	} {
		if got := s.Freelancer.StartUpload(projectsDomain, "milestone", s.Milestone, "a.zip", 10, body); got.Status != http.StatusBadRequest || got.Code() == "" {
			t.Errorf("%s: expected a refusal, got %d %s", name, got.Status, got.Raw)
		}
	}
	s.Freelancer.StartUpload(projectsDomain, "milestone", s.Milestone, "a.zip", 5<<30, nil).Want(t, http.StatusRequestEntityTooLarge, services.CodeFileTooLarge)
	content := []byte("what was announced")
	wrong := s.Freelancer.StartUpload(projectsDomain, "milestone", s.Milestone, "a.txt", len(content), Body{"sha256": SHA256([]byte("something else"))})
	wrong.Want(t, http.StatusOK, "")
	s.Freelancer.SendParts(projectsDomain, wrong.Text("id"), content, 1)
	s.Freelancer.Command(projectsDomain, "uploads/"+wrong.Text("id")+"/complete", Key(), nil).Want(t, http.StatusUnprocessableEntity, services.CodeUploadMismatch)
	s.Freelancer.Command(projectsDomain, "uploads/"+wrong.Text("id")+"/complete", Key(), nil).Want(t, http.StatusConflict, services.CodeUploadClosed)
	cancelled := s.Freelancer.StartUpload(projectsDomain, "milestone", s.Milestone, "b.txt", len(content), nil)
	s.Freelancer.SendParts(projectsDomain, cancelled.Text("id"), content, 1)
	if got := s.Freelancer.Do(http.MethodDelete, "/api/projects/api/uploads/"+cancelled.Text("id"), nil); got.Status != http.StatusNoContent {
		t.Errorf("Expected the upload to be given up, got %d %s", got.Status, got.Raw)
	}
	late := s.Freelancer.StartUpload(projectsDomain, "milestone", s.Milestone, "c.txt", len(content), nil)
	s.Freelancer.SendParts(projectsDomain, late.Text("id"), content, 1)
	m.Clock.Advance(25 * time.Hour)
	uploads := services.ProjectsService{Instance: m.Instances[projectsDomain]}.Deliverables()
	if err := uploads.SweepUploads(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Freelancer.SignIn()
	s.Freelancer.Command(projectsDomain, "uploads/"+late.Text("id")+"/complete", Key(), nil).Want(t, http.StatusConflict, services.CodeUploadClosed)
	if pending, err := uploads.Files.PendingUploads(t.Context()); err != nil || len(pending) != 0 {
		t.Errorf("Expected nothing to be left, got %v %v", pending, err)
	}
}

// TestLargeAttachment: a large file in a chat becomes a message, for its members only.
func TestLargeAttachment(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Hired(m)
	chat := chatOf(s)
	stranger := m.User(collections.RoleFreelancer)
	stranger.StartUpload(messagesDomain, "chat", chat, "a.zip", 10, nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	heard := listen(t, s.Freelancer, messagesDomain, "messages/*")
	small := s.Client.Form(http.MethodPost, "/api/chats/api/collections/messages/records", map[string]string{"chat": chat, "clientId": "one"}, Attachment{"attachments", "a.txt", []byte("a small text")})
	small.Want(t, http.StatusOK, "")
	if name := small.JSON["attachments"].([]any)[0].(string); !heard.heard(`"attachments":["`+name+`"]`, 30*time.Second) {
		t.Errorf("Expected the name %s in the news, got %v", name, heard.events)
	}
	content := append([]byte("%PDF-1.7\n"), Bytes(9<<20)...)
	message := s.Freelancer.Upload(messagesDomain, "chat", chat, "plan.pdf", content, Body{"note": "The plan.", "clientId": "two"})
	if message.Text("body") != "The plan." || message.Number("seq") != small.Number("seq")+1 || message.Text("sender") != s.Freelancer.ID {
		t.Errorf("Expected a message, got %s", message.Raw)
	}
	file := message.JSON["attachments"].([]any)[0].(string)
	if got := s.Client.Fetch(s.Client.FileURL(messagesDomain, collections.Messages, message.Text("id"), file)); got.Status != http.StatusOK || !bytes.Equal(got.Raw, content) || got.Header.Get("Content-Disposition") != `inline; filename=plan.pdf` {
		t.Errorf("Expected the plan, got %d %v", got.Status, got.Header)
	}
	if got := stranger.Do(http.MethodGet, stranger.FileURL(messagesDomain, collections.Messages, message.Text("id"), file), nil); got.Status != http.StatusNotFound {
		t.Errorf("Expected no file, got %d", got.Status)
	}
	program := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 1000)...)
	started := s.Freelancer.StartUpload(messagesDomain, "chat", chat, "plan2.pdf", len(program), nil)
	s.Freelancer.SendParts(messagesDomain, started.Text("id"), program, 1)
	s.Freelancer.Command(messagesDomain, "uploads/"+started.Text("id")+"/complete", Key(), nil).Want(t, http.StatusUnprocessableEntity, services.CodeUploadMismatch)
}
