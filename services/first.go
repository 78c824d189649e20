package services

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io/fs"
	"iter"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// The first pages of the web app show open projects before its script has
// arrived: the build renders them as templates (ui/src/first.tsx), projects
// fills them in, and the gateway puts them into index.html. nginx does the
// latter with the same directives (server-side includes).
const (
	// FirstPath is where an instance of projects writes a first page, by its name.
	FirstPath = "/api/first/"

	indexFile   = "index.html"
	firstFolder = "first"
	// firstPatience is how long the gateway waits for it before it serves the outline.
	firstPatience = time.Second
	// firstText is how much of a description is written: more than two lines hold.
	firstText = 400
	// firstTags is how many skills a card shows.
	firstTags = 12
)

// firstPages names the pages by their address.
var firstPages = map[string]string{"/": "home", "/projects": "projects"}

// firstRows is how many projects a page shows at first: what fits into a window.
var firstRows = map[string]int{"home": 5, "projects": 4}

// FirstPages are the templates by name and language; empty without a web app.
type FirstPages map[string]FirstPage

// FirstPage is one of them.
type FirstPage struct {
	template *template.Template
	rows     int
}

// FirstPages reads the templates of the web app. One that does not parse is told
// to the operator and left out: the app works without it.
func (i *Instance) FirstPages() FirstPages {
	pages := FirstPages{}
	if i.Options.public == nil {
		return pages
	}
	files, _ := fs.Glob(i.Options.public, firstFolder+"/*.html") // the pattern is valid
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		parsed, err := template.ParseFS(i.Options.public, file)
		if err != nil {
			i.Logger.Error("A page of the web app is no template", "file", file, "error", err)
			continue
		}
		page, _, _ := strings.Cut(name, ".")
		pages[name] = FirstPage{template: parsed, rows: firstRows[page]}
	}
	return pages
}

// Find returns a page in the first language of an Accept-Language header that it is written in, or in English.
func (p FirstPages) Find(name, accepted string) (FirstPage, bool) {
	for language := range acceptedLanguages(accepted) {
		if page, ok := p[name+"."+language]; ok {
			return page, true
		}
	}
	page, ok := p[name+".en"]
	return page, ok
}

// acceptedLanguages are those of an Accept-Language header in its order, without regions.
func acceptedLanguages(header string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for wanted := range strings.SplitSeq(header, ",") {
			tag, _, _ := strings.Cut(strings.TrimSpace(wanted), ";")
			language, _, _ := strings.Cut(tag, "-")
			if !yield(strings.ToLower(language)) {
				return
			}
		}
	}
}

// firstProject is what the templates know of a project.
type firstProject struct {
	ID, Title, Description string
	Skills                 []string
}

// Write fills a page in, and adds the list itself for the script to begin with.
func (p FirstPage) Write(found ProjectPage) (string, error) {
	var projects []firstProject
	for _, record := range found.Items[:min(len(found.Items), p.rows)] {
		projects = append(projects, firstProjectOf(record))
	}
	var out bytes.Buffer
	if err := p.template.Execute(&out, map[string]any{"Projects": projects}); err != nil {
		return "", err
	}
	list, err := json.Marshal(found) // which escapes <, so that no text ends the element
	if err != nil {
		return "", err
	}
	out.WriteString(`<script type="application/json" id="first-list">`)
	out.Write(list)
	out.WriteString(`</script>`)
	return out.String(), nil
}

func firstProjectOf(record *core.Record) firstProject {
	project := firstProject{ID: record.Id, Title: record.GetString(collections.FieldTitle), Description: record.GetString(collections.ProjectDescription)}
	if runes := []rune(project.Description); len(runes) > firstText {
		project.Description = string(runes[:firstText])
	}
	_ = record.UnmarshalJSONField(collections.ProjectSkills, &project.Skills) // what is no list has no tags
	project.Skills = project.Skills[:min(len(project.Skills), firstTags)]
	return project
}

// indexPage is index.html, cut where a first page goes.
type indexPage struct {
	before, outline, after []byte
	// scripts are the sources of the CSP for the scripts inside it.
	scripts string
}

var (
	outlineOf = regexp.MustCompile(`(?s)^(.*)<!--# block name="outline" -->(.*)<!--# endblock -->(.*)<!--# include [^>]*-->(.*)$`)
	scriptsOf = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
)

func readIndex(public fs.FS) indexPage {
	text, err := fs.ReadFile(public, indexFile)
	if err != nil {
		return indexPage{}
	}
	page := indexPage{before: text}
	for _, script := range scriptsOf.FindAllSubmatch(text, -1) {
		sum := sha256.Sum256(script[1])
		page.scripts += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	if parts := outlineOf.FindSubmatch(text); parts != nil {
		page.before, page.outline, page.after = slices.Concat(parts[1], parts[3]), parts[2], parts[4]
	}
	return page
}

// serve answers with the page, with the beginning of what is asked for if it has one.
func (p indexPage) serve(w http.ResponseWriter, r *http.Request, projects http.Handler) {
	middle := p.outline
	if name, ok := firstPages[r.URL.Path]; ok && r.URL.RawQuery == "" && projects != nil {
		if written := firstOf(r, projects, name); len(written) > 0 {
			middle = written
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language")
	for _, part := range [][]byte{p.before, middle, p.after} {
		if _, err := w.Write(part); err != nil {
			return // the client left
		}
	}
}

// firstOf asks projects for a page as this visitor; nothing if it has none or is slow.
func firstOf(r *http.Request, projects http.Handler, name string) []byte {
	ctx, cancel := context.WithTimeout(r.Context(), firstPatience)
	defer cancel()
	inner := r.Clone(ctx)
	inner.Method, inner.URL.Path, inner.URL.RawPath = http.MethodGet, FirstPath+name, ""
	inner.Header.Del("Accept-Encoding")
	answer := &kept{header: http.Header{}}
	projects.ServeHTTP(answer, inner)
	if cmp.Or(answer.status, http.StatusOK) != http.StatusOK {
		return nil
	}
	return answer.body.Bytes()
}

// kept is an answer that stays in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = cmp.Or(k.status, status) }
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }
