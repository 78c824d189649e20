package tests

import (
	"net/http"
	"sync"
	"testing"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// TestARecordWithFilesIsWholeOrNotThere: files are uploaded outside of the
// transaction; the row and what belongs to it (counts, events, deadlines, the
// index) are one all the same.
func TestARecordWithFilesIsWholeOrNotThere(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish()
	const domain = collections.DomainProjects
	brief, sample := Attachment{"attachments", "brief.png", Picture(t, 4, false)}, Attachment{"samples", "work.png", Picture(t, 4, false)}
	proposal := map[string]string{"project": s.Project, "amount": "5000", "days": "1", "coverLetter": "I build shops."}
	mustExec(t, m, domain, `CREATE TRIGGER no_events BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'no events'); END`)
	if refused := s.Freelancer.Form(http.MethodPost, "/api/projects/api/collections/proposals/records", proposal, sample); refused.Status < 400 {
		t.Fatalf("Expected no proposal without its event, got %d %s", refused.Status, refused.Raw)
	}
	mustExec(t, m, domain, `DROP TRIGGER no_events`)
	if left := s.Freelancer.List(domain, collections.Proposals, ""); left.Number("totalItems") != 0 {
		t.Errorf("Expected nothing to be left of it, got %s", left.Raw)
	}
	s.Freelancer.Form(http.MethodPost, "/api/projects/api/collections/proposals/records", proposal, sample).Want(t, http.StatusOK, "")
	mustExec(t, m, domain, `CREATE TRIGGER no_events BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'no events'); END`)
	path := "/api/projects/api/collections/projects/records/" + s.Project
	if refused := s.Client.Form(http.MethodPatch, path, map[string]string{"title": "Another title"}, brief); refused.Status < 400 {
		t.Fatalf("Expected no change without what follows from it, got %d %s", refused.Status, refused.Raw)
	}
	mustExec(t, m, domain, `DROP TRIGGER no_events`)
	if title := s.Client.View(domain, collections.Projects, s.Project).Text("title"); title == "Another title" {
		t.Error("Expected nothing to be left of the change")
	}
}

// TestAnEditWithFilesIsOfTheVersionThatWasRead: an upload takes its time, and a
// proposal that is accepted meanwhile keeps the price it was accepted at.
func TestAnEditWithFilesIsOfTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish().Propose()
	const domain = collections.DomainProjects
	accepting := sync.OnceFunc(func() { s.Hire() })
	// Just before PocketBase uploads, which it does at 99.
	m.Instances[domain].App.OnRecordUpdateExecute(collections.Proposals).Bind(&hook.Handler[*core.RecordEvent]{Priority: 98, Func: func(e *core.RecordEvent) error {
		if !e.App.IsTransactional() {
			accepting()
		}
		return e.Next()
	}})
	edit := s.Freelancer.Form(http.MethodPatch, "/api/projects/api/collections/proposals/records/"+s.Proposal, map[string]string{"amount": "900000"},
		Attachment{"samples", "work.png", Picture(t, 4, false)})
	edit.Want(t, http.StatusConflict, services.CodeConflict)
	if got := s.Freelancer.View(domain, collections.Proposals, s.Proposal); got.Number("amount") != s.Amount || got.Text("status") != collections.ProposalAccepted {
		t.Errorf("Expected the proposal as it was accepted, got %s", got.Raw)
	}
}
