package hooks

import (
	"net/http"
	"strings"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"
	"github.com/pocketbase/pocketbase/tools/security"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Keys under which a request keeps what its access token said.
const keyClaims = "lancershubClaims"

// bindAuth makes our access tokens the only way for a user to be someone.
func bindAuth(i *services.Instance) {
	onServe(i, func(e *core.ServeEvent) {
		e.Router.Bind(errorCodes(i))
		e.Router.Bind(loadAccessToken(i))
		e.Router.Bind(refuseNativeUsers())
		e.Router.Bind(limitJSON())
	})
	i.App.OnRealtimeSubscribeRequest().BindFunc(func(e *core.RealtimeSubscribeRequestEvent) error {
		if claims := claimsOf(e.RequestEvent); claims != nil {
			e.Client.Set(services.RealtimeSession, claims.SessionID)
		}
		return e.Next()
	})
}

// loadAccessToken sets e.Auth from one of our tokens, ahead of PocketBase's own
// middleware. Other tokens (a superuser's, a peer's) are left to those they are for.
func loadAccessToken(i *services.Instance) *hook.Handler[*core.RequestEvent] {
	return &hook.Handler[*core.RequestEvent]{
		Id:       "lancershubAccessToken",
		Priority: apis.DefaultLoadAuthTokenMiddlewarePriority - 1,
		Func: func(e *core.RequestEvent) error {
			token := bearer(e)
			if token == "" || e.Auth != nil || strings.HasPrefix(e.Request.URL.Path, services.InternalPrefix) || !i.Verifier.Knows(token) && native(token) {
				return e.Next()
			}
			claims, err := i.Verifier.Access(e.Request.Context(), token)
			if err == nil {
				var record *core.Record
				if record, err = i.Authenticate(claims); err == nil {
					e.Auth = record
					e.Set(keyClaims, claims)
					e.Request = e.Request.WithContext(services.WithUserToken(e.Request.Context(), token))
					return e.Next()
				}
			}
			if staleTokenAllowed(e) {
				return e.Next() // whoever signs in may still carry yesterday's token
			}
			return err
		},
	}
}

func bearer(e *core.RequestEvent) string {
	token := e.Request.Header.Get("Authorization")
	if len(token) > 7 && strings.EqualFold(token[:7], "Bearer ") {
		return token[7:]
	}
	return token
}

// native tells a token that PocketBase itself would have issued (for a superuser
// or one of its own flows) by the collection it names: they carry no issuer.
func native(token string) bool {
	claims, err := security.ParseUnverifiedJWT(token)
	_, issued := claims["iss"]
	return err == nil && !issued && claims[core.TokenClaimCollectionId] != nil
}

// staleTokenAllowed names the routes that work without a valid access token.
func staleTokenAllowed(e *core.RequestEvent) bool {
	path := e.Request.URL.Path
	return strings.HasPrefix(path, "/api/auth/") || strings.HasPrefix(path, "/api/collections/users/auth-") ||
		strings.HasPrefix(path, "/api/collections/users/request-") || strings.HasPrefix(path, "/api/collections/users/confirm-") ||
		path == services.HealthPath || path == services.ReadyPath || path == services.PublicKeysPath
}

// refuseNativeUsers runs after PocketBase has looked at the token: a user it
// accepted holds a native user token, which no instance of ours takes.
func refuseNativeUsers() *hook.Handler[*core.RequestEvent] {
	return &hook.Handler[*core.RequestEvent]{
		Id:       "lancershubRefuseNativeUsers",
		Priority: apis.DefaultLoadAuthTokenMiddlewarePriority + 1,
		Func: func(e *core.RequestEvent) error {
			if e.Auth != nil && !e.Auth.IsSuperuser() && claimsOf(e) == nil {
				return services.Failf(http.StatusUnauthorized, services.CodeTokenInvalid, "The access token is not valid here.")
			}
			if token := bearer(e); e.Auth == nil && token != "" && native(token) && !staleTokenAllowed(e) && !strings.HasPrefix(e.Request.URL.Path, services.InternalPrefix) {
				return services.Failf(http.StatusUnauthorized, services.CodeTokenInvalid, "The access token is not valid here.")
			}
			return e.Next()
		},
	}
}

// maxJSON bounds a JSON body; superusers may import more.
const maxJSON = 64 << 10

// limitJSON refuses large JSON bodies. Files come as forms and have limits of their own.
func limitJSON() *hook.Handler[*core.RequestEvent] {
	limit := apis.BodyLimit(maxJSON)
	return &hook.Handler[*core.RequestEvent]{
		Id:       "lancershubLimitJSON",
		Priority: apis.DefaultLoadAuthTokenMiddlewarePriority + 3,
		Func: func(e *core.RequestEvent) error {
			ours := strings.HasPrefix(e.Request.URL.Path, services.InternalPrefix)
			if e.HasSuperuserAuth() || ours || strings.HasPrefix(e.Request.Header.Get("Content-Type"), "multipart/form-data") {
				return e.Next()
			}
			return limit.Func(e) // goes on with e.Next()
		},
	}
}

func claimsOf(e *core.RequestEvent) *services.AccessClaims {
	claims, _ := e.Get(keyClaims).(*services.AccessClaims)
	return claims
}

// requireUser returns the signed-in user; superusers act through the admin UI only.
func requireUser(e *core.RequestEvent) (*core.Record, error) {
	if e.Auth == nil {
		return nil, services.Failf(http.StatusUnauthorized, services.CodeAuthRequired, "Sign in first.")
	}
	if e.Auth.Collection().Name != collections.Users {
		return nil, services.Failf(http.StatusForbidden, services.CodeForbidden, "Only users of the marketplace can do this.")
	}
	return e.Auth, nil
}

// internal registers a route between instances: it demands a service token, and
// repeats the asker's word in every answer.
func internal(i *services.Instance, e *core.ServeEvent, method, path string, handle func(i *services.Instance, caller services.Caller, e *core.RequestEvent) error) {
	e.Router.Route(method, path, func(e *core.RequestEvent) error {
		e.Response.Header().Set(services.RequestHeader, e.Request.Header.Get(services.RequestHeader))
		caller, err := i.Caller(e.Request.Context(), bearer(e), e.Request.Header)
		if err != nil {
			return err
		}
		return handle(i, caller, e)
	}).Bind(apis.SkipSuccessActivityLog(), apis.BodyLimit(1<<20))
}

// receiveEvent takes an event another instance relays.
func receiveEvent(i *services.Instance, caller services.Caller, e *core.RequestEvent) error {
	var event services.Event
	if err := e.BindBody(&event); err != nil {
		return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The event cannot be read.")
	}
	if err := i.Receive(caller.Domain, event); err != nil {
		i.Logger.Warn("an event could not be applied", "event", event.ID, "error", err)
		return err
	}
	return e.NoContent(http.StatusNoContent)
}

// receiveEvents takes several events at once: all of them, or none. Its sender sends those of a refused bunch one by one.
func receiveEvents(i *services.Instance, caller services.Caller, e *core.RequestEvent) error {
	var events []services.Event
	if err := e.BindBody(&events); err != nil || len(events) == 0 {
		return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The events cannot be read.")
	}
	if err := i.ReceiveAll(caller.Domain, events); err != nil {
		return err
	}
	return e.NoContent(http.StatusNoContent)
}

// recollect tells a restored instance what this one remembers of it.
func recollect(i *services.Instance, caller services.Caller, e *core.RequestEvent) error {
	var ask services.Recollection
	if err := e.BindBody(&ask); err != nil {
		return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The question cannot be read.")
	}
	answer, err := i.Recollect(caller.Domain, ask)
	if err != nil {
		return err
	}
	return e.JSON(http.StatusOK, answer)
}
