package tests

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lancershub/lancershub/collections"
)

// TestHiddenFieldsStayHidden tries to learn secrets by filter and sort.
func TestHiddenFieldsStayHidden(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := Funded(m)
	for _, attempt := range []struct {
		domain     collections.Domain
		collection string
		query      string
	}{
		{collections.DomainUsers, collections.Sessions, `?filter=` + url.QueryEscape(`tokenHash~"a"`)},
		{collections.DomainUsers, collections.Sessions, `?sort=tokenHash`},
		{collections.DomainUsers, collections.Users, `?filter=` + url.QueryEscape(`password~"a"`)},
		{collections.DomainUsers, collections.Users, `?filter=` + url.QueryEscape(`tokenKey~"a"`)},
		{collections.DomainUsers, collections.Users, `?sort=ver`},
		{collections.DomainPayments, collections.Payments, `?filter=` + url.QueryEscape(`source="x"`)},
		{collections.DomainPayments, collections.Payments, `?filter=` + url.QueryEscape(`freelancer.status="active"`)},
		{collections.DomainMessages, collections.Chats, `?filter=` + url.QueryEscape(`members_via_chat.user.ver=1`)},
		{collections.DomainProjects, collections.Projects, `?filter=` + url.QueryEscape(`@collection.sessions.id!=""`)},
	} {
		answer := s.Client.List(attempt.domain, attempt.collection, attempt.query)
		ignored := answer.Status == http.StatusOK && strings.HasPrefix(attempt.query, "?sort=") // sorting by what one may not see does nothing
		if answer.Status != http.StatusBadRequest && answer.Status != http.StatusForbidden && !ignored {
			t.Errorf("Expected %s%s to be refused, got %d: %.200s", attempt.collection, attempt.query, answer.Status, answer.Raw)
		}
	}
	for domain := range m.Instances {
		raw := string(s.Client.List(domain, collections.Users, "?perPage=200").Raw)
		for _, secret := range []string{"tokenKey", "password", "tokenHash", s.Freelancer.Email} {
			if strings.Contains(raw, secret) {
				t.Errorf("Expected no %s in the users of %s", secret, domain)
			}
		}
	}
}
