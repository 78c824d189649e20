package users

import "github.com/pocketbase/pocketbase/core"

func init() {
	List.Register(up0091, down0091)
}

// mailTemplate is a mail with one button that leads into the web app. {PUBLIC_URL}
// is filled in when the mail is sent; the token is behind a #, so that it reaches
// no server's log.
func mailTemplate(subject, text, page, button, ignore string) core.EmailTemplate {
	return core.EmailTemplate{
		Subject: subject,
		Body: `<p>Hello,</p>
<p>` + text + `</p>
<p><a class="btn" href="{PUBLIC_URL}/` + page + `#{TOKEN}" target="_blank" rel="noopener">` + button + `</a></p>
<p><i>` + ignore + `</i></p>
<p>{APP_NAME}</p>`,
	}
}

// up0091 lets people sign in with a second factor (a code by e-mail, for who
// wants it), or with an OAuth2 provider that the operator has configured, and
// leads their mails into the web app.
func up0091(app core.App) error {
	col, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return err
	}
	// Hidden: who has no second factor is nobody else's business.
	col.Fields.Add(&core.BoolField{Name: "mfa", Hidden: true})
	if err := app.Save(col); err != nil {
		return err
	}
	col.OTP.Enabled, col.OTP.Length, col.OTP.Duration = true, 8, 300
	col.OTP.EmailTemplate = core.EmailTemplate{
		Subject: "{OTP} is your code for {APP_NAME}",
		Body: `<p>Hello,</p>
<p>Your code to sign in is <strong>{OTP}</strong>. It works once, for five minutes.</p>
<p><i>Nobody of {APP_NAME} will ever ask you for it. If you did not just sign in, somebody knows your password: change it.</i></p>
<p>{APP_NAME}</p>`,
	}
	col.MFA.Enabled, col.MFA.Rule, col.MFA.Duration = true, "mfa = true", 600
	col.OAuth2.Enabled = true
	// Not the picture: it would be fetched while the database waits.
	col.OAuth2.MappedFields.Name = "name"
	col.OAuth2.MappedFields.AvatarURL = ""
	col.VerificationTemplate = mailTemplate("Confirm your e-mail address for {APP_NAME}",
		"Welcome to {APP_NAME}. Confirm that this is your e-mail address.", "confirm-email", "Confirm e-mail address",
		"If you did not create an account, ignore this mail.")
	col.ResetPasswordTemplate = mailTemplate("Choose a new password for {APP_NAME}",
		"Somebody, probably you, asked to choose a new password. The link works for half an hour.", "reset-password", "Choose a new password",
		"If it was not you, ignore this mail: your password stays as it is.")
	col.ConfirmEmailChangeTemplate = mailTemplate("Confirm your new e-mail address for {APP_NAME}",
		"Confirm that you want to use this e-mail address from now on. You will be asked for your password.", "change-email", "Confirm new e-mail address",
		"If you did not ask for it, ignore this mail.")
	return app.Save(col)
}

func down0091(app core.App) error {
	col, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return err
	}
	col.OTP.Enabled, col.MFA.Enabled, col.MFA.Rule, col.OAuth2.Enabled = false, false, "", false
	col.Fields.RemoveByName("mfa")
	return app.Save(col)
}
