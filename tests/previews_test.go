package tests

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// page is a web server on this machine that counts who comes.
func page(t *testing.T) (url string, visits *atomic.Int64) {
	t.Helper()
	visits = &atomic.Int64{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://"+strings.Replace(r.Host, "127.0.0.1", "127.0.0.2", 1), http.StatusFound)
		case "/turn":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/circle":
			http.Redirect(w, r, "/circle", http.StatusFound)
		case "/picture":
			w.Header().Set("Content-Type", "image/png")
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(`<title>A page</title><meta property="og:description" content="What is on it">`))
		}
	}))
	// On every address of this machine, so that one page can lead to another site.
	_ = server.Listener.Close()
	var err error
	if server.Listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp4", "0.0.0.0:0"); err != nil {
		t.Fatal(err)
	}
	server.Start()
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "0.0.0.0", "127.0.0.1", 1), visits
}

func withPreviews(networks ...string) func(*services.Options) {
	return func(options *services.Options) {
		options.LinkPreviews = true
		for _, network := range networks {
			options.PreviewNetworks = append(options.PreviewNetworks, netip.MustParsePrefix(network))
		}
	}
}

// seen sends a message, lets links be looked at, and returns it as the other reads it.
func seen(t *testing.T, s *Story, body string) *Response {
	t.Helper()
	sent := say(s.Client, chatOf(s), body)
	sent.Want(t, http.StatusOK, "")
	lookAtLinks(t, s)
	return s.Freelancer.View(collections.DomainMessages, collections.Messages, sent.Text("id"))
}

func lookAtLinks(t *testing.T, s *Story) {
	t.Helper()
	chats := services.ChatsService{Instance: s.Market.Instances[collections.DomainMessages]}
	if err := chats.PreviewLinks(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestLinkPreviews(t *testing.T) {
	t.Parallel()
	s := Hired(New(t, withPreviews("127.0.0.0/8", "::1/128")))
	url, _ := page(t)
	for _, path := range []string{"/", "/turn"} {
		shown := seen(t, s, "Look at "+url+path+".").Object("preview")
		if shown.Text("title") != "A page" || shown.Text("description") != "What is on it" || shown.Text("url") != url+path || shown.Text("site") != "127.0.0.1" {
			t.Errorf("Expected a preview of the page, got %s", shown.Raw)
		}
	}
	if shown := seen(t, s, "Look at "+url+"/away").Object("preview"); shown.Text("url") != url+"/away" || shown.Text("site") != "127.0.0.2" {
		t.Errorf("Expected the site that the words come from, got %v", shown.JSON)
	}
	for _, path := range []string{"/circle", "/picture"} {
		if shown := seen(t, s, "Look at "+url+path); shown.JSON["preview"] != nil {
			t.Errorf("Expected no preview of %s, got %s", path, shown.Raw)
		}
	}

	message := seen(t, s, url)
	edited := s.Client.Do(http.MethodPatch, "/api/chats/api/collections/messages/records/"+message.Text("id"), Body{"body": "nothing to see"})
	edited.Want(t, http.StatusOK, "")
	lookAtLinks(t, s)
	if shown := s.Freelancer.View(collections.DomainMessages, collections.Messages, message.Text("id")); shown.JSON["preview"] != nil {
		t.Errorf("Expected the preview to go with the link, got %s", shown.Raw)
	}
	s.Client.Create(collections.DomainMessages, collections.Messages, Body{"chat": chatOf(s), "body": "x", "preview": Body{"title": "made up"}}).Want(t, http.StatusBadRequest, "field_read_only")
}

// TestLinksDoNotLeadInside: whoever writes a link does not make the server look
// around in the network it is in, and by default it looks at nothing.
func TestLinksDoNotLeadInside(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*services.Options){"off": func(*services.Options) {}, "public only": withPreviews()} {
		s := Hired(New(t, change))
		url, visits := page(t)
		if shown := seen(t, s, "Look at "+url); shown.JSON["preview"] != nil || visits.Load() != 0 {
			t.Errorf("%s: expected nobody to come, %d came: %s", name, visits.Load(), shown.Raw)
		}
	}
}
