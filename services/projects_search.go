package services

import (
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// ProjectQuery is what open projects are searched by. All words of Words must
// occur, as beginnings of words; none of Without may.
type ProjectQuery struct {
	Words, Without     string
	Category, Currency string
	// Min is the lowest budget in minor units of Currency.
	Min  int64
	Sort string
	Page int
	// only, unless "", is the one project that is looked at.
	only string
}

// ProjectPage is one page of found projects, in the shape of PocketBase's lists.
type ProjectPage struct {
	Page       int            `json:"page"`
	PerPage    int            `json:"perPage"`
	TotalItems int            `json:"totalItems"`
	TotalPages int            `json:"totalPages"`
	Items      []*core.Record `json:"items"`
}

const projectsPerPage = 20

// projectOrders are the ways to sort what was found; the first is the usual one.
var projectOrders = map[string]string{
	"": "p.publishedAt DESC, p.id DESC", "newest": "p.publishedAt DESC, p.id DESC", "budget": "p.budgetMax DESC, p.publishedAt DESC, p.id DESC",
	"fewest": "p.proposalCount, p.publishedAt DESC, p.id DESC", "deadline": "p.deadline, p.publishedAt DESC, p.id DESC",
}

// IndexProject makes a project findable by its words, in the transaction that saves it.
func (ProjectsService) IndexProject(tx core.App, project *core.Record) error {
	var n int64
	err := tx.DB().NewQuery(`INSERT INTO searchable (project) VALUES ({:id}) ON CONFLICT (project) DO UPDATE SET project = project RETURNING n`).
		Bind(dbx.Params{"id": project.Id}).Row(&n)
	if err != nil {
		return err
	}
	_, err = tx.DB().NewQuery(`INSERT OR REPLACE INTO search (rowid, title, description, skills) VALUES ({:n}, {:title}, {:description}, {:skills})`).
		Bind(dbx.Params{
			"n": n, "title": project.GetString(collections.FieldTitle), "description": project.GetString(collections.ProjectDescription),
			"skills": project.GetString(collections.ProjectSkills),
		}).Execute()
	return err
}

// UnindexProject forgets the words of a project that is deleted.
func (ProjectsService) UnindexProject(tx core.App, id string) error {
	for _, sql := range []string{`DELETE FROM search WHERE rowid = (SELECT n FROM searchable WHERE project = {:id})`, `DELETE FROM searchable WHERE project = {:id}`} {
		if _, err := tx.DB().NewQuery(sql).Bind(dbx.Params{"id": id}).Execute(); err != nil {
			return err
		}
	}
	return nil
}

// SearchProjects finds open projects. Whoever asks sees the same: what everybody may see.
func (s ProjectsService) SearchProjects(q ProjectQuery) (ProjectPage, error) {
	order, ok := projectOrders[q.Sort]
	if !ok {
		return ProjectPage{}, badRequest(CodeInvalidInput, "Sort by newest, budget, fewest or deadline.").With("field", "sort")
	}
	where, params, err := q.where()
	if err != nil {
		return ProjectPage{}, err
	}
	if q.Sort == "deadline" {
		where += " AND p.deadline <> ''"
	}
	return s.projectPage(where, order, params, max(q.Page, 1))
}

// where is what finds a project: for the browse page, and for those who are told
// of new ones.
func (q ProjectQuery) where() (string, dbx.Params, error) {
	where, params := []string{"p.status = 'open'"}, dbx.Params{}
	found := "SELECT s.project FROM search f JOIN searchable s ON s.n = f.rowid WHERE search MATCH "
	if q.only != "" {
		where, params["only"] = append(where, "p.id = {:only}"), q.only
		found = "SELECT s.project FROM search f JOIN searchable s ON s.n = f.rowid WHERE f.rowid = (SELECT n FROM searchable WHERE project = {:only}) AND search MATCH "
	}
	if match := matchAll(q.Words); match != "" {
		where, params["words"] = append(where, "p.id IN ("+found+"{:words})"), match
	} else if strings.TrimSpace(q.Words) != "" {
		return "", nil, badRequest(CodeInvalidInput, "There is no word to search for.").With("field", "q")
	}
	if match := matchAny(q.Without); match != "" {
		where, params["without"] = append(where, "p.id NOT IN ("+found+"{:without})"), match
	}
	for column, value := range map[string]string{"category": q.Category, "currency": q.Currency} {
		if value != "" {
			where, params[column] = append(where, "p."+column+" = {:"+column+"}"), value
		}
	}
	if q.Currency != "" && q.Min > 0 {
		where, params["min"] = append(where, "p.budgetMax >= {:min}"), q.Min
	}
	return strings.Join(where, " AND "), params, nil
}

func (s ProjectsService) projectPage(where, order string, params dbx.Params, page int) (ProjectPage, error) {
	found := ProjectPage{Page: page, PerPage: projectsPerPage, Items: []*core.Record{}}
	if err := s.App.ConcurrentDB().NewQuery("SELECT count(*) FROM projects p WHERE " + where).Bind(params).Row(&found.TotalItems); err != nil {
		return ProjectPage{}, err
	}
	found.TotalPages = (found.TotalItems + projectsPerPage - 1) / projectsPerPage
	if page > found.TotalPages {
		return found, nil
	}
	params["limit"], params["offset"] = projectsPerPage, (page-1)*projectsPerPage
	err := s.App.RecordQuery(collections.Projects).
		AndWhere(dbx.NewExp("{{projects}}.[[id]] IN (SELECT p.id FROM projects p WHERE "+where+" ORDER BY "+order+" LIMIT {:limit} OFFSET {:offset})", params)).
		OrderBy(strings.Split(strings.ReplaceAll(order, "p.", "projects."), ", ")...).All(&found.Items)
	return found, err
}

// matchAll and matchAny write words as FTS5 expressions; searchTerms quotes each,
// so that no operator of the query language gets through.
func matchAll(words string) string { return strings.Join(searchTerms(words), " ") }

func matchAny(words string) string { return strings.Join(searchTerms(words), " OR ") }
