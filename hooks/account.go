package hooks

import (
	"net/http"
	"slices"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// oauth2Fields are what somebody who comes from an OAuth2 provider for the first
// time may set of their new account. Everything else is the provider's word or ours.
var oauth2Fields = []string{collections.UserRoles, collections.UserName, collections.UserTimezone, collections.UserLanguage, collections.FieldCurrency}

// bindAccount registers what people do about their own account.
func bindAccount(i *services.Instance, users services.UsersService) {
	bindMails(i, users)
	i.App.OnRecordAuthWithOAuth2Request(collections.Users).BindFunc(func(e *core.RecordAuthWithOAuth2RequestEvent) error {
		for name := range e.CreateData {
			if !slices.Contains(oauth2Fields, name) {
				return services.Failf(http.StatusBadRequest, services.CodeFieldReadOnly, "An account from %s cannot begin with %s.", e.ProviderName, name).With("field", name)
			}
		}
		return e.Next()
	})
	i.App.OnRecordRequestOTPRequest(collections.Users).BindFunc(func(e *core.RecordCreateOTPRequestEvent) error {
		if e.Record != nil && !users.MayHaveCode(e.Record) {
			e.Record = nil // answered as if there were no such account
		}
		return e.Next()
	})
	onServe(i, func(e *core.ServeEvent) {
		e.Router.Bind(throttleCodes(i))
		e.Router.Bind(hideTakenEmail())
		e.Router.GET("/api/auth/options", func(e *core.RequestEvent) error { return e.JSON(http.StatusOK, users.SignInOptions()) })
		e.Router.GET("/api/users/{id}/security", func(e *core.RequestEvent) error {
			user, err := requireUser(e)
			if err != nil {
				return err
			}
			answer, err := users.Security(e.Request.PathValue("id"), user.Id)
			if err != nil {
				return err
			}
			return e.JSON(http.StatusOK, answer)
		})
		for verb, on := range map[string]bool{"enable-mfa": true, "disable-mfa": false} {
			command(e, collections.Users, verb, false, func(e *core.RequestEvent, c call) (services.Answer, error) {
				return users.SetMFA(c.Command, c.ID, on, signedInAt(e))
			})
		}
	})
}

// bindMails lets mails about an account be in the language of their reader.
func bindMails(i *services.Instance, users services.UsersService) {
	write := func(kind services.AccountMail, placeholder, meta string) func(e *core.MailerRecordEvent) error {
		return func(e *core.MailerRecordEvent) error {
			if err := users.WriteAccountMail(e.Message, e.Record, kind, map[string]any{placeholder: e.Meta[meta]}); err != nil {
				return err
			}
			return e.Next()
		}
	}
	i.App.OnMailerRecordVerificationSend(collections.Users).BindFunc(write(services.MailConfirmEmail, core.EmailPlaceholderToken, "token"))
	i.App.OnMailerRecordPasswordResetSend(collections.Users).BindFunc(write(services.MailResetPassword, core.EmailPlaceholderToken, "token"))
	i.App.OnMailerRecordEmailChangeSend(collections.Users).BindFunc(write(services.MailChangeEmail, core.EmailPlaceholderToken, "token"))
	i.App.OnMailerRecordOTPSend(collections.Users).BindFunc(write(services.MailCode, core.EmailPlaceholderOTP, "password"))
	i.App.OnMailerRecordAuthAlertSend(collections.Users).BindFunc(write(services.MailSignInAlert, core.EmailPlaceholderAlertInfo, "info"))
}

// signedInAt is when the person proved who they are, by the access token.
func signedInAt(e *core.RequestEvent) time.Time {
	if claims := claimsOf(e); claims != nil {
		return time.Unix(claims.AuthTime, 0)
	}
	return time.Time{}
}

const usersPath = "/api/collections/" + collections.Users + "/"

// throttleCodes counts wrong codes by account, around PocketBase's own check:
// its hook runs only when the code was right.
func throttleCodes(i *services.Instance) *hook.Handler[*core.RequestEvent] {
	return &hook.Handler[*core.RequestEvent]{
		Id:       "lancershubThrottleCodes",
		Priority: apis.DefaultLoadAuthTokenMiddlewarePriority + 4,
		Func: func(e *core.RequestEvent) error {
			if e.Request.Method != http.MethodPost || e.Request.URL.Path != usersPath+"auth-with-otp" {
				return e.Next()
			}
			info, err := e.RequestInfo()
			if err != nil {
				return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The body is not valid JSON.")
			}
			id, _ := info.Body["otpId"].(string)
			otp, err := e.App.FindOTPById(id)
			if err != nil {
				return e.Next() // nobody's code
			}
			return throttled(i, "otp:"+otp.RecordRef(), e.Next)
		},
	}
}

// hideTakenEmail answers a change to an e-mail that belongs to somebody else
// like any other: the mail that would confirm it never comes.
func hideTakenEmail() *hook.Handler[*core.RequestEvent] {
	return &hook.Handler[*core.RequestEvent]{
		Id:       "lancershubHideTakenEmail",
		Priority: apis.DefaultLoadAuthTokenMiddlewarePriority + 5,
		Func: func(e *core.RequestEvent) error {
			err := e.Next()
			if err != nil && e.Request.URL.Path == usersPath+"request-email-change" && onlyFieldWrong(err, "newEmail", "validation_invalid_new_email") {
				return e.NoContent(http.StatusNoContent)
			}
			return err
		},
	}
}
