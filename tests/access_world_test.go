package tests

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/security"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
	"github.com/lancershub/lancershub/storage"
)

// world is a marketplace with a record of everything, and the principals.
type world struct {
	market    *Market
	people    map[string]*Person
	resources []resource
	byID      map[string]resource
	// removers has who may delete a record, by the name of the resource.
	removers map[string][]string
	// files has the name of a file that everyone may read, by the domain and id of its record.
	files map[string]string
	// protected has the name of a file that those may read who may view its record.
	protected map[string]string
	// silent are collections whose changes are no realtime events to anyone.
	silent map[string]bool

	main, other, open, over *Story
	// draft, planned and chat are ids.
	draft, planned, chat string
	dispute, message     string
	// nobodysChat is a chat whose only member is nobody.
	nobodysChat string
}

// newWorld takes two people through everything there is, next to bystanders.
func newWorld(t *testing.T) *world {
	t.Helper()
	m := New(t)
	w := &world{market: m, removers: map[string][]string{}, files: map[string]string{}, protected: map[string]string{}, byID: map[string]resource{}, silent: map[string]bool{}}
	w.tell(t)
	w.people = map[string]*Person{
		guest: m.Guest(), theClient: w.main.Client, freelancer: w.main.Freelancer, loser: w.other.Freelancer,
		stranger: m.User(collections.RoleClient, collections.RoleFreelancer), otherHirer: m.User(collections.RoleClient), otherMaker: m.User(collections.RoleFreelancer),
		suspended: m.User(collections.RoleClient),
	}
	old := *w.main.Client
	w.people[expired] = &old
	w.suspend(t)
	m.Clock.Advance(16 * time.Minute)
	for _, name := range []string{theClient, freelancer, loser, stranger, otherHirer, otherMaker} {
		w.people[name].SignIn()
	}
	out := *w.main.Client
	out.SignIn()
	out.Do(http.MethodPost, "/api/users/api/auth/sign-out", Body{}).Want(t, http.StatusNoContent, "")
	w.people[signedOut] = &out
	m.Deliver()
	m.Sound() // before rows are copied below the services
	w.resources = resources(w)
	w.resources = append(w.resources, superusersOnly(w.resources)...)
	w.everyState(t)
	w.protect(t)
	for _, r := range w.resources {
		w.byID[string(r.domain)+r.id] = r
	}
	return w
}

// tell makes the story that the table speaks of.
func (w *world) tell(t *testing.T) {
	t.Helper()
	m := w.market
	s := NewStory(m).Publish().Propose()
	w.main = s
	w.other = &Story{Market: m, Client: s.Client, Freelancer: m.User(collections.RoleFreelancer), Project: s.Project, Amount: 77}
	w.other.Propose()
	s.Hire()
	w.planned = s.addMilestone("Another", 5_000)
	s.Fund()
	w.draft = s.Client.Create(collections.DomainProjects, collections.Projects, Body{"title": "A draft", "currency": "EUR"}).Text("id")
	w.open = (&Story{Market: m, Client: s.Client, Freelancer: s.Freelancer, Amount: 5}).Publish().Propose()
	w.over = (&Story{Market: m, Client: s.Client, Freelancer: s.Freelancer, Amount: 7_000}).Publish().Propose().Hire().Fund()
	w.over.approve(nil).Want(t, http.StatusOK, "")
	w.over.review(s.Client, 4, "Sealed words.").Want(t, http.StatusOK, "")
	w.chat = chatOf(s)
	said := say(s.Client, w.chat, "Helo")
	said.Want(t, http.StatusOK, "")
	w.message = said.Text("id")
	s.Client.Do(http.MethodPatch, "/api/chats/api/collections/messages/records/"+w.message, Body{"body": "Hello"}).Want(t, http.StatusOK, "")
	ask(s.Freelancer, "messages/"+w.message+"/report", Body{"reason": "spam"}).Want(t, http.StatusOK, "")
	s.Freelancer.Command(payments, "payments/"+s.Payment+"/release", Key(), nil) // refused: only the client releases
	s.Client.Command(payments, "payments/"+s.Payment+"/release", Key(), Body{"amount": 20_000}).Want(t, http.StatusOK, "")
	m.Deliver()
	destination(s.Freelancer, services.BankSlow)
	m.Clock.Advance(3 * collections.Day)
	m.Tick()
	s.Freelancer.SignIn()
	s.Client.SignIn()
	payout(s.Freelancer, Key(), 2_000).Want(t, http.StatusOK, "")
	w.dispute = s.dispute(s.Client, 10_000, 0)
	w.avatar(t)
}

// protect puts a file into every record whose collection has a protected field for one.
func (w *world) protect(t *testing.T) {
	t.Helper()
	for _, r := range w.resources {
		instance := w.market.Instances[r.domain]
		col, err := instance.App.FindCachedCollectionByNameOrId(r.collection)
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		for _, field := range col.Fields {
			files, ok := field.(*core.FileField)
			if !ok || !files.Protected || col.IsView() {
				continue
			}
			const name = "kept_0123456789.txt"
			value := name
			if files.IsMultiple() {
				value = `["` + name + `"]`
			}
			if _, err := instance.App.NonconcurrentDB().Update(r.collection, dbx.Params{files.Name: value}, dbx.HashExp{"id": r.id}).Execute(); err != nil {
				t.Fatalf("%s: %v", r.name, err)
			}
			if err := instance.Files.Put(t.Context(), storage.Object{Key: col.BaseFilesPath() + "/" + r.id + "/" + name, Size: 4, Type: "text/plain"}, strings.NewReader("kept")); err != nil {
				t.Fatal(err)
			}
			w.protected[string(r.domain)+r.id] = name
		}
	}
	if len(w.protected) == 0 {
		t.Fatal("Expected some records with files")
	}
}

// avatar gives the client a picture, which everyone may see.
func (w *world) avatar(t *testing.T) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("avatar", "me.png")
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(part, image.NewRGBA(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	form.Close()
	p := w.main.Client
	answer := p.Do(http.MethodPatch, "/api/users/api/collections/users/records/"+p.ID, body.String(), "Content-Type", form.FormDataContentType())
	answer.Want(t, http.StatusOK, "")
	w.files[string(collections.DomainUsers)+p.ID] = answer.Text("avatar")
}

// suspend does what a moderator does.
func (w *world) suspend(t *testing.T) {
	t.Helper()
	app := w.market.Instances[collections.DomainUsers].App
	record, err := app.FindRecordById(collections.Users, w.people[suspended].ID)
	if err != nil {
		t.Fatal(err)
	}
	record.Set(collections.FieldStatus, collections.UserStatusSuspended)
	if err := app.Save(record); err != nil {
		t.Fatal(err)
	}
}

func (w *world) app(domain collections.Domain) core.App { return w.market.Instances[domain].App }

// first returns the id of a row of a collection that matches a condition.
func (w *world) first(domain collections.Domain, collection, condition string) string {
	var id string
	err := w.app(domain).DB().NewQuery("SELECT id FROM [[" + collection + "]] WHERE " + condition + " LIMIT 1").Row(&id)
	if err != nil {
		w.market.tb.Fatalf("Expected a row of %s with %s: %v", collection, condition, err)
	}
	return id
}

// insert stores a row below the services and returns its id.
func (w *world) insert(domain collections.Domain, collection string, values dbx.Params) string {
	row := dbx.Params{"id": security.RandomStringWithAlphabet(core.DefaultIdLength, core.DefaultIdAlphabet)}
	maps.Copy(row, values)
	if _, err := w.app(domain).NonconcurrentDB().Insert(collection, row).Execute(); err != nil {
		w.market.tb.Fatalf("Failed to insert into %s: %v", collection, err)
	}
	return row["id"].(string)
}

// unguard takes the unique indexes and triggers of a collection away.
func (w *world) unguard(domain collections.Domain, collection string) {
	db := w.app(domain).NonconcurrentDB()
	var drops []string
	err := db.NewQuery(`SELECT 'DROP ' || type || ' "' || name || '"' FROM sqlite_schema WHERE tbl_name = {:table}
		AND (type = 'trigger' OR type = 'index' AND sql LIKE 'CREATE UNIQUE%')`).Bind(dbx.Params{"table": collection}).Column(&drops)
	if err != nil {
		w.market.tb.Fatal(err)
	}
	for _, drop := range drops {
		if _, err := db.NewQuery(drop).Execute(); err != nil {
			w.market.tb.Fatal(err)
		}
	}
}

// copyRow stores a copy of a row with other values, below the services and
// without the guards of its collection, and returns its id: who may see
// a record is asked of states in which few records ever are, too.
func (w *world) copyRow(domain collections.Domain, collection, id string, set map[string]any) string {
	db := w.app(domain).NonconcurrentDB()
	fail := func(err error) {
		if err != nil {
			w.market.tb.Fatalf("Failed to copy a row of %s: %v", collection, err)
		}
	}
	w.unguard(domain, collection)
	var columns []string
	fail(db.NewQuery("SELECT name FROM pragma_table_info({:t})").Bind(dbx.Params{"t": collection}).Column(&columns))
	fresh := security.RandomStringWithAlphabet(core.DefaultIdLength, core.DefaultIdAlphabet)
	values := make([]string, len(columns))
	params := dbx.Params{"was": id, "fresh": fresh}
	for n, column := range columns {
		values[n] = "[[" + column + "]]"
		if column == "id" {
			values[n] = "{:fresh}"
		}
		if value, ok := set[column]; ok {
			values[n] = fmt.Sprintf("{:v%d}", n)
			params[fmt.Sprintf("v%d", n)] = value
		}
	}
	_, err := db.NewQuery("INSERT INTO [[" + collection + "]] ([[" + strings.Join(columns, "]], [[") + "]]) SELECT " + strings.Join(values, ", ") + " FROM [[" + collection + "]] WHERE id = {:was}").Bind(params).Execute()
	fail(err)
	return fresh
}

// add puts a copy of a record of the table, with other values, into the matrix.
func (w *world) add(of resource, name string, set map[string]any, read, update, remove []string) {
	of.name, of.id = name, w.copyRow(of.domain, of.collection, of.id, set)
	of.read, of.update = read, update
	w.resources = append(w.resources, of)
	if len(remove) > 0 {
		w.removers[name] = remove
	}
}

// named returns a record of the table.
func (w *world) named(name string) resource {
	for _, r := range w.resources {
		if r.name == name {
			return r
		}
	}
	w.market.tb.Fatalf("There is no %q in the table", name)
	return resource{}
}

// statesOf lists the states a collection's records can have, from its schema.
func (w *world) statesOf(domain collections.Domain, collection string) []string {
	col, err := w.app(domain).FindCachedCollectionByNameOrId(collection)
	if err != nil {
		w.market.tb.Fatal(err)
	}
	field, ok := col.Fields.GetByName(collections.FieldStatus).(*core.SelectField)
	if !ok {
		w.market.tb.Fatalf("Expected %s to have a status", collection)
	}
	return field.Values
}

// hasOwner tells whether a record belongs to somebody: by a field of its own, or by its chat.
func (w *world) hasOwner(r resource) bool {
	col, err := w.app(r.domain).FindCachedCollectionByNameOrId(r.collection)
	if err != nil {
		w.market.tb.Fatal(err)
	}
	for _, field := range []string{"client", "freelancer", "user", "chat"} {
		if col.Fields.GetByName(field) != nil && !col.IsView() {
			return true
		}
	}
	return false
}

// chatOfNobody is a chat whose only member is nobody.
func (w *world) chatOfNobody() string {
	if w.nobodysChat == "" {
		w.nobodysChat = w.copyRow(collections.DomainMessages, collections.Chats, w.chat, map[string]any{"pair": "", "contract": ""})
		member := w.first(collections.DomainMessages, collections.Members, "true")
		w.copyRow(collections.DomainMessages, collections.Members, member, map[string]any{"chat": w.nobodysChat, "user": ""})
		r := w.named("the chat")
		r.name, r.id, r.read, r.update = "the chat of nobody", w.nobodysChat, nobody, nobody
		w.resources = append(w.resources, r)
	}
	return w.nobodysChat
}

// superusersOnly are records of the collections nobody but superusers sees, as
// far as the table does not name one: such a collection needs no row.
func superusersOnly(listed []resource) []resource {
	named := map[string]bool{}
	for _, r := range listed {
		named[string(r.domain)+"/"+r.collection] = true
	}
	all := []resource{}
	for _, domain := range collections.Domains {
		for name, rules := range collections.RulesOf(domain) {
			if key := string(domain) + "/" + name; !named[key] && rules.List == collections.Nobody && rules.View == collections.Nobody {
				all = append(all, resource{"a record of " + key, domain, name, "1", nobody, nobody, Body{"name": "other"}})
			}
		}
	}
	return all
}

// allCreations is the table of creations with the collections in which nobody creates.
func allCreations() []creation {
	named := map[string]bool{}
	all := slices.Clone(creations)
	for _, c := range creations {
		named[string(c.domain)+"/"+c.collection] = true
	}
	for _, domain := range collections.Domains {
		for name, rules := range collections.RulesOf(domain) {
			if !named[string(domain)+"/"+name] && rules.Create == collections.Nobody {
				all = append(all, creation{domain, name, nobody, nil, none})
			}
		}
	}
	return all
}
