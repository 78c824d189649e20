package services

import (
	"log/slog"
	"net/mail"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/mails"
	"github.com/pocketbase/pocketbase/tools/mailer"
	"github.com/pocketbase/pocketbase/tools/routine"

	"github.com/lancershub/lancershub/collections"
)

// PublicURLPlaceholder stands in mail templates for where people reach the marketplace.
const PublicURLPlaceholder = "{PUBLIC_URL}"

// SignInOptions is what everybody may know before signing in.
type SignInOptions struct {
	// Mail tells whether the operator has configured a mail server: without one
	// there are no codes, no new passwords and no confirmations.
	Mail            bool `json:"mail"`
	RequireVerified bool `json:"requireVerified"`
}

// SignInOptions says how people can sign in here, beside PocketBase's auth-methods.
func (s UsersService) SignInOptions() SignInOptions {
	return SignInOptions{Mail: s.canMail(), RequireVerified: s.Options.RequireVerified}
}

func (s UsersService) canMail() bool { return s.App.Settings().SMTP.Enabled }

// Security is what somebody may know about how their own account is protected.
type Security struct {
	MFA       bool     `json:"mfa"`
	Verified  bool     `json:"verified"`
	Providers []string `json:"providers"`
}

// Security answers a person about their own account.
func (s UsersService) Security(id, user string) (Security, error) {
	if id != user {
		return Security{}, notFound()
	}
	record, err := s.App.FindRecordById(collections.Users, user)
	if err != nil {
		return Security{}, notFoundOr(err)
	}
	linked, err := s.App.FindAllExternalAuthsByRecord(record)
	if err != nil {
		return Security{}, err
	}
	answer := Security{MFA: record.GetBool(collections.UserMFA), Verified: record.Verified(), Providers: []string{}}
	for _, one := range linked {
		answer.Providers = append(answer.Providers, one.Provider())
	}
	return answer, nil
}

// SetMFA switches the second factor of one's own account on or off. Both need a
// fresh sign-in; on needs a confirmed address and a mail server, or the owner
// would lock themselves out.
func (s UsersService) SetMFA(cmd Command, id string, on bool, signedInAt time.Time) (Answer, error) {
	if id != cmd.Principal {
		return Answer{}, notFound()
	}
	if !s.Fresh(signedInAt) {
		return Answer{}, forbidden(CodeSignInAgain, "Sign in again to change how you sign in.")
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		user, err := tx.FindRecordById(collections.Users, id)
		if err != nil {
			return nil, notFoundOr(err)
		}
		if on && !s.canMail() {
			return nil, conflict(CodeNoMail, "This marketplace has no mail server yet, so codes could not be sent.")
		}
		if on && !user.Verified() {
			return nil, forbidden(CodeNotVerified, "Confirm your e-mail address first: the codes are sent there.")
		}
		// Past the hooks: the other instances need not know.
		_, err = tx.DB().Update(collections.Users, dbx.Params{collections.UserMFA: on}, dbx.HashExp{collections.FieldID: id}).Execute()
		return map[string]any{"mfa": on}, err
	})
}

// MayHaveCode tells whether a code to sign in is sent to user. A code alone
// would let somebody keep the password of an account that was made with another
// person's address, so that address must be confirmed first.
func (s UsersService) MayHaveCode(user *core.Record) bool {
	return user != nil && user.Verified() && user.GetString(collections.FieldStatus) == collections.UserStatusActive && s.canMail()
}

// Welcome mails the link that confirms the address of a new account.
func (s UsersService) Welcome(user *core.Record) {
	s.mail(func() error { return mails.SendRecordVerification(s.App, user) })
}

// WarnOwner tells the owner of an address, in their language, that somebody tried to sign up with it.
func (s UsersService) WarnOwner(email string) {
	s.mail(func() error {
		owner, err := s.App.FindAuthRecordByEmail(collections.Users, email)
		if err != nil {
			return err
		}
		language, meta := languageOf(owner), s.App.Settings().Meta
		subject, html, err := s.accountMail(language, language.account[mailTaken], nil)
		if err != nil {
			return err
		}
		return s.App.NewMailClient().Send(&mailer.Message{
			From: mail.Address{Name: meta.SenderName, Address: meta.SenderAddress}, To: []mail.Address{{Address: owner.Email()}}, Subject: subject, HTML: html,
		})
	})
}

// mail sends in the background, so that nobody learns from the time it takes
// whether an address is known.
func (s UsersService) mail(send func() error) {
	if !s.canMail() {
		return
	}
	routine.FireAndForget(func() {
		if err := send(); err != nil {
			s.Logger.Error("a mail could not be sent", slog.Any("error", err))
		}
	})
}
