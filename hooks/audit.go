package hooks

import (
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"
	"github.com/pocketbase/pocketbase/tools/router"

	"github.com/lancershub/lancershub/services"
)

// bindAudit notes everything that superusers do: changes of records in their own
// transaction, everything else (settings, schema, SQL) before it is done.
func bindAudit(i *services.Instance) {
	i.FollowAudited()
	mark := func(e *core.RecordRequestEvent) error {
		if e.HasSuperuserAuth() {
			services.AuditedBy(e.Record, actorOf(e.RequestEvent))
		}
		return e.Next()
	}
	i.App.OnRecordCreateRequest().BindFunc(mark)
	i.App.OnRecordUpdateRequest().BindFunc(mark)
	i.App.OnRecordDeleteRequest().BindFunc(mark)
	i.App.OnRecordAuthRequest(core.CollectionNameSuperusers).BindFunc(func(e *core.RecordAuthRequestEvent) error {
		if e.AuthMethod != "" { // not a token that is renewed
			if err := i.Audit(services.Deed{By: services.BySuperuser(e.Record.Email()), Action: "sign-in", Subject: e.AuthMethod}); err != nil {
				return err
			}
		}
		return e.Next()
	})
	onServe(i, func(e *core.ServeEvent) {
		e.Router.Bind(auditRequests(i))
	})
}

func actorOf(e *core.RequestEvent) services.Actor { return services.BySuperuser(e.Auth.Email()) }

// unaudited are writes of superusers that change nothing, and those of records,
// which are noted with what they change. It is the whole path that counts: a backup
// may be called "auth-", and a collection "records".
var unaudited = regexp.MustCompile(`^/api/(realtime|files/token|settings/test/\w+|collections/meta/dry-run-view|collections/\w+/(records(/.*)?|(auth|request|confirm)-[\w-]+))/?$`)

// auditRequests notes what superusers ask PocketBase for beside records.
func auditRequests(i *services.Instance) *hook.Handler[*core.RequestEvent] {
	return &hook.Handler[*core.RequestEvent]{
		Id:       "lancershubAudit",
		Priority: apis.DefaultLoadAuthTokenMiddlewarePriority + 4,
		Func: func(e *core.RequestEvent) error {
			if !e.HasSuperuserAuth() || e.Request.Method == http.MethodGet || e.Request.Method == http.MethodHead || e.Request.Method == http.MethodOptions {
				return e.Next()
			}
			path := e.Request.URL.Path
			if unaudited.MatchString(path) {
				return e.Next()
			}
			deed := services.Deed{By: actorOf(e), Action: "request", Subject: e.Request.Method + " " + path}
			if path == "/api/sql" {
				asked, err := io.ReadAll(io.LimitReader(e.Request.Body, 4000))
				if err != nil {
					return err
				}
				if body, ok := e.Request.Body.(router.Rereader); ok && len(asked) == 4000 { // at its end it rewinds by itself
					body.Reread()
				}
				deed.Details = map[string]any{"body": strings.ToValidUTF8(string(asked), "")}
			}
			if err := i.Audit(deed); err != nil {
				return err
			}
			return e.Next()
		},
	}
}
