//go:build browser

package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/tests"
	"github.com/lancershub/lancershub/tests/process"
)

// signInTour lets people sign in, and sign in again, in every way: with second
// factors, codes by e-mail and a provider in a window of its own.
func signInTour(t *testing.T) (*process.Process, []string) {
	t.Helper()
	const email, password = "operator@example.com", "a long password"
	data := filepath.Join(t.TempDir(), "data")
	process.MustRun(t, "superuser", "upsert", email, password, "--data", data)
	p := process.Start(t, process.FreePort(t), data, nil)
	operator := tests.Remote(t, "http://"+p.Addr).Guest()
	in := operator.Do(http.MethodPost, "/api/users/api/collections/_superusers/auth-with-password", tests.Body{"identity": email, "password": password})
	in.Want(t, http.StatusOK, "")
	operator.Token = in.Text("token")

	office, ada := tests.NewPostOffice(t), map[string]any{"sub": "ada", "name": "Ada", "email_verified": true}
	provider := tests.NewIdentities(t, ada, map[string]any{"sub": "bo", "name": "Bo", "email": "bo@example.com", "email_verified": true})
	operator.Do(http.MethodPatch, "/api/users/api/settings", tests.Body{
		"smtp": tests.Body{"enabled": true, "host": "127.0.0.1", "port": office.Port()},
		"meta": tests.Body{"appName": "LancersHub", "appURL": "http://" + p.Addr, "senderName": "LancersHub", "senderAddress": "no-reply@market.example"},
	}).Want(t, http.StatusOK, "")
	config := provider.Config()
	operator.Do(http.MethodPatch, "/api/users/api/collections/users", tests.Body{"oauth2": tests.Body{"enabled": true, "providers": []tests.Body{providerBody(config)}}}).Want(t, http.StatusOK, "")

	// What arrived since the last time, and the address that the provider vouches for.
	mails := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if address := r.URL.Query().Get("ada"); address != "" {
			provider.Set(ada, "email", address)
			return
		}
		_, texts := office.Taken()
		_ = json.NewEncoder(w).Encode(texts)
	}))
	t.Cleanup(mails.Close)
	return p, []string{"LANCERSHUB_SUPERUSER=" + operator.Token, "LANCERSHUB_MAILS=" + mails.URL}
}

// providerBody is a provider's settings as the admin UI sends them.
func providerBody(config core.OAuth2ProviderConfig) tests.Body {
	return tests.Body{
		"name": config.Name, "clientId": config.ClientId, "clientSecret": config.ClientSecret, "displayName": config.DisplayName,
		"authURL": config.AuthURL, "tokenURL": config.TokenURL, "userInfoURL": config.UserInfoURL,
	}
}
