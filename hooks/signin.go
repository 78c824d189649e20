package hooks

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

const (
	refreshCookie = "lancershub_refresh"
	keyGrant      = "lancershubGrant"
	// refreshInBody, as the query parameter refreshToken=body on a sign-in, asks
	// for the refresh token in the answer instead of a cookie: for native clients.
	refreshInBody = "body"
)

// bindSignIn replaces PocketBase's token by ours wherever a user proves who they are.
func bindSignIn(i *services.Instance, sessions services.Sessions) {
	i.App.OnRecordAuthWithPasswordRequest(collections.Users).BindFunc(func(e *core.RecordAuthWithPasswordRequestEvent) error {
		return throttled(i, accountOf(e.Identity), e.Next)
	})
	i.App.OnRecordAuthRequest(collections.Users).Bind(&hook.Handler[*core.RecordAuthRequestEvent]{
		Id:   "lancershubIssueToken",
		Func: issueToken(i, sessions),
	})
	onServe(i, func(e *core.ServeEvent) { e.Router.Bind(refreshBeforeAuthRefresh(sessions)) })
}

// throttled counts failures of an account and refuses when there are too many.
func throttled(i *services.Instance, account string, next func() error) error {
	if err := i.Throttle.Check(account); err != nil {
		return err
	}
	err := next()
	switch {
	case err == nil:
		i.Throttle.Succeeded(account)
	case !errors.Is(err, apis.ErrMFA):
		i.Throttle.Failed(account)
	}
	return err
}

// issueToken starts a session at a sign-in, or continues one at a refresh, and
// puts our token in the place of PocketBase's.
//
// PocketBase looks for a second factor after the hooks, when it answers. So a new
// session is stored, and its cookie set, only when that answer is a success.
func issueToken(i *services.Instance, sessions services.Sessions) func(e *core.RecordAuthRequestEvent) error {
	return func(e *core.RecordAuthRequestEvent) error {
		if grant, ok := e.Get(keyGrant).(*services.Grant); ok {
			handOver(e, grant)
			return e.Next()
		}
		if claims := claimsOf(e.RequestEvent); claims != nil && e.AuthMethod == "" {
			// authRefresh with an access token alone: it proves that the session
			// lives, but only a refresh token can make it live longer.
			if err := sessions.Alive(claims.SessionID); err != nil {
				return err
			}
			e.Token = bearer(e.RequestEvent)
			return e.Next()
		}
		if e.AuthMethod == "" {
			// A superuser who impersonates would act, and spend, in a user's name.
			return services.Failf(http.StatusForbidden, services.CodeForbidden, "Nobody can sign in as somebody else.")
		}
		grant, err := sessions.Prepare(e.Record, services.Device{UserAgent: e.Request.UserAgent(), IP: e.RealIP()})
		if err != nil {
			return err
		}
		e.Response = &onSuccess{ResponseWriter: e.Response, do: func() error {
			if err := sessions.Save(grant); err != nil {
				i.Logger.Error("a session could not be stored", "error", err)
				return err
			}
			if !wantsBody(e.RequestEvent) {
				setRefreshCookie(e.RequestEvent, grant.Refresh, sessionEnd(grant))
			}
			return nil
		}}
		e.Token = grant.Access
		if wantsBody(e.RequestEvent) {
			addRefreshToken(e, grant)
		}
		return e.Next()
	}
}

// onSuccess does something just before a successful answer is written, and turns
// the answer into an error if that fails.
type onSuccess struct {
	http.ResponseWriter

	do     func() error
	failed bool
}

// WriteHeader implements http.ResponseWriter.
func (w *onSuccess) WriteHeader(status int) {
	if status == http.StatusOK && w.do != nil {
		do := w.do
		w.do = nil
		if err := do(); err != nil {
			w.failed = true
			status = http.StatusInternalServerError
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *onSuccess) Write(p []byte) (int, error) {
	if w.failed {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *onSuccess) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func sessionEnd(grant *services.Grant) time.Time {
	return grant.Session.GetDateTime(collections.SessionExpiresAt).Time()
}

func addRefreshToken(e *core.RecordAuthRequestEvent, grant *services.Grant) {
	meta, _ := e.Meta.(map[string]any)
	if meta == nil {
		meta = map[string]any{}
	}
	meta["refreshToken"] = grant.Refresh
	e.Meta = meta
}

// handOver hands the tokens over: the refresh token as a cookie scripts cannot
// read, or in the body for a client that has no cookies and said so.
func handOver(e *core.RecordAuthRequestEvent, grant *services.Grant) {
	e.Token = grant.Access
	if grant.Refresh == "" {
		return // the answer to a concurrent refresh: the other one got it
	}
	if wantsBody(e.RequestEvent) {
		addRefreshToken(e, grant)
	} else {
		setRefreshCookie(e.RequestEvent, grant.Refresh, sessionEnd(grant))
	}
}

func wantsBody(e *core.RequestEvent) bool {
	if e.Request.URL.Query().Get("refreshToken") == refreshInBody {
		return true
	}
	return tokenInBody(e) != ""
}

func tokenInBody(e *core.RequestEvent) string {
	info, err := e.RequestInfo()
	if err != nil {
		return ""
	}
	token, _ := info.Body["refreshToken"].(string)
	return token
}

func refreshTokenOf(e *core.RequestEvent) string {
	if token := tokenInBody(e); token != "" {
		return token
	}
	if cookie, err := e.Request.Cookie(refreshCookie); err == nil {
		return cookie.Value
	}
	return ""
}

func setRefreshCookie(e *core.RequestEvent, value string, expires time.Time) {
	//nolint:gosec // Secure follows the public URL: over plain HTTP (a laptop) a secure cookie would never come back
	http.SetCookie(e.Response, &http.Cookie{
		Name: refreshCookie, Value: value, Path: services.Prefix(collections.DomainUsers), Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: strings.HasPrefix(e.App.Settings().Meta.AppURL, "https:"),
	})
}

// refreshBeforeAuthRefresh lets the SDK's authRefresh() use the refresh token it
// carries, also when its access token has expired.
func refreshBeforeAuthRefresh(sessions services.Sessions) *hook.Handler[*core.RequestEvent] {
	return &hook.Handler[*core.RequestEvent]{
		Id:       "lancershubRefresh",
		Priority: apis.DefaultLoadAuthTokenMiddlewarePriority + 2,
		Func: func(e *core.RequestEvent) error {
			if e.Request.Method != http.MethodPost || e.Request.URL.Path != "/api/collections/users/auth-refresh" {
				return e.Next()
			}
			token := refreshTokenOf(e)
			if token == "" {
				return e.Next()
			}
			grant, err := sessions.Refresh(token)
			if err != nil {
				return err
			}
			e.Auth = grant.User
			e.Set(keyGrant, grant)
			return e.Next()
		},
	}
}

// refresh is POST /api/auth/refresh: the same for clients without the SDK.
func refresh(sessions services.Sessions) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		grant, err := sessions.Refresh(refreshTokenOf(e))
		if err != nil {
			return err
		}
		e.Set(keyGrant, grant)
		return apis.RecordAuthResponse(e, grant.User, "", nil)
	}
}

// signOut is POST /api/auth/sign-out: this session, another ({"session": ID}),
// or all of them ({"everywhere": true}).
func signOut(sessions services.Sessions) func(e *core.RequestEvent) error {
	return func(e *core.RequestEvent) error {
		info, err := e.RequestInfo()
		if err != nil {
			return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The body is not valid JSON.")
		}
		claims := claimsOf(e)
		// The cookie of this browser stays when another session is the one to end.
		other, _ := info.Body["session"].(string)
		if claims == nil || other == "" || other == claims.SessionID || info.Body["everywhere"] == true {
			setRefreshCookie(e, "", services.LongAgo)
		}
		if claims == nil {
			// Without a valid access token the refresh token says which session to end.
			grant, err := sessions.Refresh(refreshTokenOf(e))
			if err != nil {
				return e.NoContent(http.StatusNoContent) // signed out already
			}
			if err := sessions.End(grant.Session.Id, "signed out"); err != nil {
				return err
			}
			return e.NoContent(http.StatusNoContent)
		}
		if info.Body["everywhere"] == true {
			err = e.App.RunInTransaction(func(tx core.App) error { return sessions.EndAll(tx, claims.Subject, "", "signed out everywhere") })
		} else {
			err = sessions.EndOwn(claims.Subject, claims.SessionID, info.Body["session"])
		}
		if err != nil {
			return err
		}
		return e.NoContent(http.StatusNoContent)
	}
}

// noContext adapts work that needs no context to the scheduler.
func noContext(job func() error) func(context.Context) error {
	return func(context.Context) error { return job() }
}
