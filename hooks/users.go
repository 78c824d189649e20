package hooks

import (
	"errors"
	"net/http"
	"strings"
	"time"

	validation "github.com/pocketbase/ozzo-validation/v4"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

func bindUsers(i *services.Instance) error {
	users, sessions := services.UsersService{Instance: i}, services.Sessions{Instance: i}
	users.HandleReputation()
	i.App.OnRecordCreateRequest(collections.Users).BindFunc(signUp(i, users))
	i.App.OnRecordUpdateRequest(collections.Users).BindFunc(func(e *core.RecordRequestEvent) error {
		if err := checkProfile(e.Record); err != nil {
			return err
		}
		return e.Next()
	})
	i.AroundCreate(collections.Users, services.After(func(tx core.App, user *core.Record) error { return users.Changed(tx, user, false) }))
	i.AroundUpdate(collections.Users, userUpdated(users, sessions))
	bindSignIn(i, sessions)
	users.HandleMails()
	users.HandleAlerts()
	bindAccount(i, users)
	bindAccountData(i, users)
	onServe(i, func(e *core.ServeEvent) {
		e.Router.GET(services.PublicKeysPath, func(e *core.RequestEvent) error {
			e.Response.Header().Set("Cache-Control", "public, max-age=60")
			return e.JSON(http.StatusOK, i.TokenKeys.JWKS())
		})
		e.Router.POST("/api/auth/refresh", refresh(sessions))
		e.Router.POST("/api/auth/sign-out", signOut(sessions))
		internal(i, e, http.MethodGet, services.InternalEligible, eligibility)
	})
	rotate := noContext(func() error { return i.TokenKeys.RotateIfOlder(i.Clock.Now(), services.KeyLife) })
	return errors.Join(
		i.Every(time.Hour, "rotate the signing key", rotate), i.AtStart("rotate the signing key", rotate),
		i.Every(time.Hour, "prune sessions", noContext(sessions.Prune)),
		i.Every(time.Hour, "prune mails", noContext(users.PruneMails)),
		i.Every(i.Options.SweepEvery, "send mails", users.SendMails),
	)
}

// signUp makes a new account. The answer is the same whether or not the e-mail
// is taken, so that nobody learns from it who has an account.
func signUp(i *services.Instance, users services.UsersService) func(e *core.RecordRequestEvent) error {
	return func(e *core.RecordRequestEvent) error {
		if !e.HasSuperuserAuth() {
			e.Record.Set(collections.FieldStatus, collections.UserStatusActive)
			e.Record.SetVerified(false)
		} else if e.Record.GetString(collections.FieldStatus) == "" {
			e.Record.Set(collections.FieldStatus, collections.UserStatusActive)
		}
		if err := checkProfile(e.Record); err != nil {
			return err
		}
		err := e.Next()
		if err == nil {
			if !e.HasSuperuserAuth() && !fromOAuth2(e) {
				users.Welcome(e.Record)
			}
			return nil
		}
		if e.HasSuperuserAuth() || fromOAuth2(e) || !onlyFieldWrong(err, core.FieldNameEmail, "validation_not_unique") {
			return err
		}
		i.Logger.Info("sign-up with an e-mail that has an account")
		users.WarnOwner(e.Record.Email())
		return e.JSON(http.StatusOK, services.PretendSignUp(i.Clock, e.Record))
	}
}

// fromOAuth2 tells whether an account is made for somebody whom a provider vouches for.
func fromOAuth2(e *core.RecordRequestEvent) bool {
	info, err := e.RequestInfo()
	return err == nil && info.Context == core.RequestInfoContextOAuth2
}

// onlyFieldWrong tells whether nothing was wrong with a form but one field, in that way.
func onlyFieldWrong(err error, field, code string) bool {
	var fields validation.Errors
	if !errors.As(err, &fields) {
		var api interface{ RawData() any }
		if !errors.As(err, &api) {
			return false
		}
		cause, ok := api.RawData().(error)
		if !ok || !errors.As(cause, &fields) {
			return false
		}
	}
	wrong, ok := fields[field].(interface{ Code() string })
	return len(fields) == 1 && ok && wrong.Code() == code
}

// checkProfile refuses a time zone, language or currency nobody knows.
func checkProfile(user *core.Record) error {
	if zone := user.GetString(collections.UserTimezone); zone != "" {
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "%q is not a time zone; use a name such as Europe/Lisbon.", zone).With("field", collections.UserTimezone)
		}
	}
	if language := user.GetString(collections.UserLanguage); language != "" && !services.KnownLanguage(language) {
		return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "Mails are written in %s.", services.MailLanguages()).With("field", collections.UserLanguage)
	}
	if currency := user.GetString(collections.FieldCurrency); currency != "" {
		return services.CheckCurrency(currency)
	}
	return nil
}

// userUpdated tells the peers, and ends sessions when the password, e-mail or
// status changed.
func userUpdated(users services.UsersService, sessions services.Sessions) services.Around {
	return func(tx core.App, user *core.Record, save func() error) error {
		// Only what changed is written: a whole row would undo what was counted meanwhile.
		user.IgnoreUnchangedFields(true)
		key, status := user.Original().TokenKey(), user.Original().GetString(collections.FieldStatus)
		if err := save(); err != nil {
			return err
		}
		// PocketBase renews the token key itself, on its way to the database.
		ended := key != user.TokenKey() || status != user.GetString(collections.FieldStatus)
		if ended {
			if err := sessions.EndAll(tx, user.Id, "", "account changed"); err != nil {
				return err
			}
		}
		return users.Changed(tx, user, ended)
	}
}

// eligibility answers a peer about one user.
func eligibility(i *services.Instance, _ services.Caller, e *core.RequestEvent) error {
	query := e.Request.URL.Query()
	answer, err := services.UsersService{Instance: i}.Eligible(query.Get("id"), query.Get("role"))
	if err != nil {
		return err
	}
	return e.JSON(http.StatusOK, answer)
}

func accountOf(identity string) string {
	return "sign-in:" + strings.ToLower(strings.TrimSpace(identity))
}
