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
	i.App.OnRecordAuthWithOTPRequest(collections.Users).BindFunc(func(e *core.RecordAuthWithOTPRequestEvent) error {
		account := ""
		if e.Record != nil {
			account = e.Record.Id
		}
		return throttled(i, "otp:"+account, e.Next)
	})
	i.App.OnRecordAuthRequest(collections.Users).Bind(&hook.Handler[*core.RecordAuthRequestEvent]{
		Id: "lancershubIssueToken",
		// Last, so that PocketBase's second factor and everyone else's checks come first.
		Priority: 9999,
		Func:     issueToken(sessions),
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
func issueToken(sessions services.Sessions) func(e *core.RecordAuthRequestEvent) error {
	return func(e *core.RecordAuthRequestEvent) error {
		if grant, ok := e.Get(keyGrant).(*services.Grant); ok {
			return deliver(e, grant)
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
		grant, err := sessions.Start(e.Record, services.Device{UserAgent: e.Request.UserAgent(), IP: e.RealIP()})
		if err != nil {
			return err
		}
		return deliver(e, grant)
	}
}

// deliver hands the tokens over: the refresh token as a cookie scripts cannot
// read, or in the body for a client that has no cookies and said so.
func deliver(e *core.RecordAuthRequestEvent, grant *services.Grant) error {
	e.Token = grant.Access
	if grant.Refresh != "" {
		if wantsBody(e.RequestEvent) {
			meta, _ := e.Meta.(map[string]any)
			if meta == nil {
				meta = map[string]any{}
			}
			meta["refreshToken"] = grant.Refresh
			e.Meta = meta
		} else {
			setRefreshCookie(e.RequestEvent, grant.Refresh, grant.Session.GetDateTime(collections.SessionExpiresAt).Time())
		}
	}
	return e.Next()
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
		setRefreshCookie(e, "", time.Unix(0, 0))
		claims := claimsOf(e)
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
