package hooks

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// indexProjects keeps the words of projects findable, in the transaction that saves them.
func indexProjects(i *services.Instance, projects services.ProjectsService) {
	i.AroundCreate(collections.Projects, services.After(projects.IndexProject))
	i.AroundUpdate(collections.Projects, services.After(projects.IndexProject))
	i.App.OnRecordDeleteExecute(collections.Projects).BindFunc(func(e *core.RecordEvent) error {
		if err := e.Next(); err != nil {
			return err
		}
		return projects.UnindexProject(e.App, e.Record.Id)
	})
	pages := i.FirstPages()
	onServe(i, func(e *core.ServeEvent) {
		e.Router.GET(services.FirstPath+"{page}", func(e *core.RequestEvent) error { return firstPage(projects, pages, e) })
		e.Router.GET("/api/search/projects", func(e *core.RequestEvent) error { return searchProjects(projects, e) })
	})
}

// bindSearches keeps saved searches within their limit and tells them of projects.
func bindSearches(i *services.Instance, projects services.ProjectsService) error {
	i.AroundCreate(collections.Searches, services.After(projects.SavedSearch))
	i.App.OnRecordDeleteExecute(collections.Searches).BindFunc(func(e *core.RecordEvent) error {
		if err := e.Next(); err != nil {
			return err
		}
		return projects.ForgotSearch(e.App, e.Record.Id)
	})
	return errors.Join(
		i.AtStart("tell saved searches", projects.AlertSearches),
		i.Every(services.SlowSweep, "tell saved searches", projects.AlertSearches),
		i.Every(time.Hour, "forget old alerts", noContext(projects.PruneAlerts)))
}

func searchProjects(projects services.ProjectsService, e *core.RequestEvent) error {
	query := e.Request.URL.Query()
	search := services.ProjectQuery{
		Words: query.Get("q"), Without: query.Get("without"), Category: query.Get("category"), Currency: query.Get("currency"), Sort: query.Get("sort"),
	}
	for name, set := range map[string]func(int64){
		"min":  func(value int64) { search.Min = value },
		"page": func(value int64) { search.Page = int(min(value, 1_000_000)) },
	} {
		if text := query.Get(name); text != "" {
			value, err := strconv.ParseInt(text, 10, 64)
			if err != nil || value < 0 {
				return services.Failf(http.StatusBadRequest, services.CodeNotAnInteger, "%s must be a whole number.", name).With("field", name)
			}
			set(value)
		}
	}
	page, err := findProjects(projects, search, e)
	if err != nil {
		return err
	}
	return e.JSON(http.StatusOK, page)
}

// findProjects searches; relations are expanded under their own rules, as in PocketBase's own list.
func findProjects(projects services.ProjectsService, search services.ProjectQuery, e *core.RequestEvent) (services.ProjectPage, error) {
	page, err := projects.SearchProjects(search)
	if err != nil {
		return services.ProjectPage{}, err
	}
	return page, apis.EnrichRecords(e, page.Items, collections.FieldClient)
}

// firstPage writes what a visitor sees of a page before the web app has started.
func firstPage(projects services.ProjectsService, pages services.FirstPages, e *core.RequestEvent) error {
	page, ok := pages.Find(e.Request.PathValue("page"), e.Request.Header.Get("Accept-Language"))
	if !ok {
		return e.NoContent(http.StatusNoContent)
	}
	found, err := findProjects(projects, services.ProjectQuery{}, e)
	if err != nil {
		return err
	}
	text, err := page.Write(found)
	if err != nil {
		return err
	}
	return e.HTML(http.StatusOK, text)
}
