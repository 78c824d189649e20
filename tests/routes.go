package tests

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/hooks"
	"github.com/lancershub/lancershub/services"
)

// Route is what an instance answers to.
type Route struct {
	Domain       collections.Domain
	Method, Path string
	// Own is a route of ours, and not one that every PocketBase has.
	Own bool
}

// bindAndKeep binds an instance as the program does, and keeps its router.
func (m *Market) bindAndKeep(i *services.Instance) error {
	if err := hooks.Bind(i); err != nil {
		return err
	}
	i.App.OnServe().BindFunc(func(e *core.ServeEvent) error {
		m.mu.Lock()
		m.routers[i.Domain] = e.Router
		m.mu.Unlock()
		return e.Next()
	})
	return nil
}

// Routes are all routes of all instances, as their routers have them, so that no
// list has to be kept beside the code.
func (m *Market) Routes() []Route {
	m.tb.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Route
	for _, domain := range collections.Domains {
		plain, err := apis.NewRouter(m.Instances[domain].App)
		if err != nil {
			m.tb.Fatal(err)
		}
		stock := patterns(reflect.ValueOf(plain.RouterGroup), "")
		for _, pattern := range patterns(reflect.ValueOf(m.routers[domain].RouterGroup), "") {
			method, path, _ := strings.Cut(pattern, " ")
			if path == "" || method == "" {
				continue // the dashboard, and what is answered when nothing fits
			}
			all = append(all, Route{domain, method, path, !slices.Contains(stock, pattern)})
		}
	}
	if len(all) < 200 {
		m.tb.Fatalf("Expected some hundred routes, got %d: does PocketBase's router keep them elsewhere now?", len(all))
	}
	return all
}

// patterns reads "METHOD /path" off a group of PocketBase's router, which keeps
// its children to itself.
func patterns(group reflect.Value, prefix string) []string {
	group = reflect.Indirect(group)
	prefix += group.FieldByName("Prefix").String()
	var found []string
	children := group.FieldByName("children")
	for n := range children.Len() {
		child := reflect.Indirect(children.Index(n).Elem())
		if child.FieldByName("children").IsValid() {
			found = append(found, patterns(child, prefix)...)
			continue
		}
		found = append(found, child.FieldByName("Method").String()+" "+prefix+child.FieldByName("Path").String())
	}
	return found
}
