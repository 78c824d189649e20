package services

import (
	"strings"
	"text/template"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/mails/templates"
	"github.com/pocketbase/pocketbase/tools/mailer"

	"github.com/lancershub/lancershub/collections"
)

// Mails about an account (links, codes, warnings) are written by PocketBase from
// the templates of the users collection, which are English and which operators
// may edit. Who reads in another language gets ours in that language, as long as
// the template is the one that came with the marketplace: an edited one is the
// operator's word, and goes to everybody as it is.

// AccountMail names a mail about an account.
type AccountMail string

// The mails about an account; links lead to the page of the web app of that name.
const (
	MailConfirmEmail  AccountMail = "confirm-email"
	MailResetPassword AccountMail = "reset-password"
	MailChangeEmail   AccountMail = "change-email"
	MailCode          AccountMail = "code"
	MailSignInAlert   AccountMail = "alert"
	// mailTaken tells that somebody signed up with an address that has an account. It has no template of PocketBase's.
	mailTaken AccountMail = "taken"
)

// templateOf is what the operator has for a mail.
func templateOf(col *core.Collection, kind AccountMail) core.EmailTemplate {
	switch kind {
	case MailConfirmEmail:
		return col.VerificationTemplate
	case MailResetPassword:
		return col.ResetPasswordTemplate
	case MailChangeEmail:
		return col.ConfirmEmailChangeTemplate
	case MailCode:
		return col.OTP.EmailTemplate
	}
	return col.AuthAlert.EmailTemplate
}

// WriteAccountMail finishes a mail of PocketBase's to user: in their language,
// and with links to where people reach the marketplace. values are what the
// template of this mail fills in ({TOKEN}, {OTP}, {ALERT_INFO}), as HTML.
func (s UsersService) WriteAccountMail(message *mailer.Message, user *core.Record, kind AccountMail, values map[string]any) error {
	language := languageOf(user)
	own, ok := language.account[kind]
	if ok && templateOf(user.Collection(), kind) == englishMails.account[kind] {
		subject, html, err := s.accountMail(language, own, values)
		if err != nil {
			return err
		}
		message.Subject, message.HTML = subject, html
	}
	message.HTML = strings.ReplaceAll(message.HTML, PublicURLPlaceholder, s.Options.PublicURL)
	return nil
}

// accountMail fills in a template and puts it into PocketBase's frame for mails.
func (s UsersService) accountMail(language mailLanguage, own core.EmailTemplate, values map[string]any) (subject, html string, err error) {
	filled := map[string]any{core.EmailPlaceholderAppName: s.App.Settings().Meta.AppName, PublicURLPlaceholder: s.Options.PublicURL}
	for name, value := range values {
		filled[name] = value
	}
	subject, body := own.Resolve(filled)
	var page strings.Builder
	err = accountPage.Execute(&page, map[string]string{
		"HTMLContent": `<div lang="` + language.code + `" dir="` + language.dir + `">` + body + `</div>`,
	})
	return oneLine(subject), page.String(), err
}

var accountPage = template.Must(template.New("account").Parse(templates.Layout + templates.HTMLBody))

// languageOf is that of the mails to a user of the users instance.
func languageOf(user *core.Record) mailLanguage {
	if chosen, ok := mailTexts[user.GetString(collections.UserLanguage)]; ok {
		return chosen
	}
	return englishMails
}

// KnownLanguage tells whether mails are written in a language.
func KnownLanguage(code string) bool {
	_, ok := mailTexts[code]
	return ok
}

// linkMail is a mail with one button that leads into the web app. The token is
// behind a #, so that it reaches no server's log.
func linkMail(subject, hello, text string, page AccountMail, button, ignore string) core.EmailTemplate {
	return core.EmailTemplate{
		Subject: subject,
		Body: `<p>` + hello + `</p>
<p>` + text + `</p>
<p><a class="btn" href="{PUBLIC_URL}/` + string(page) + `#{TOKEN}" target="_blank" rel="noopener">` + button + `</a></p>
<p><i>` + ignore + `</i></p>
<p>{APP_NAME}</p>`,
	}
}

// englishAccount is what migrations give the users collection.
var englishAccount = map[AccountMail]core.EmailTemplate{
	MailConfirmEmail: linkMail("Confirm your e-mail address for {APP_NAME}", "Hello,",
		"Welcome to {APP_NAME}. Confirm that this is your e-mail address.", MailConfirmEmail, "Confirm e-mail address",
		"If you did not create an account, ignore this mail."),
	MailResetPassword: linkMail("Choose a new password for {APP_NAME}", "Hello,",
		"Somebody, probably you, asked to choose a new password. The link works for half an hour.", MailResetPassword, "Choose a new password",
		"If it was not you, ignore this mail: your password stays as it is."),
	MailChangeEmail: linkMail("Confirm your new e-mail address for {APP_NAME}", "Hello,",
		"Confirm that you want to use this e-mail address from now on. You will be asked for your password.", MailChangeEmail, "Confirm new e-mail address",
		"If you did not ask for it, ignore this mail."),
	MailCode: {
		Subject: "{OTP} is your code for {APP_NAME}",
		Body: `<p>Hello,</p>
<p>Your code to sign in is <strong>{OTP}</strong>. It works once, for five minutes.</p>
<p><i>Nobody of {APP_NAME} will ever ask you for it. If you did not just sign in, somebody knows your password: change it.</i></p>
<p>{APP_NAME}</p>`,
	},
	// Off until an operator turns it on; the text is PocketBase's.
	MailSignInAlert: core.NewAuthCollection(collections.Users).AuthAlert.EmailTemplate,
	mailTaken: {
		Subject: "You already have an account at {APP_NAME}",
		Body: `<p>Hello,</p><p>Somebody, probably you, tried to create an account with this e-mail address. There is one already: ` +
			`<a href="{PUBLIC_URL}/sign-in">sign in</a>, or <a href="{PUBLIC_URL}/forgot-password">choose a new password</a>.</p>` +
			`<p><i>If it was not you, ignore this mail.</i></p><p>{APP_NAME}</p>`,
	},
}

// A code and a device stand in isolates: their direction is their own.
var arabicAccount = map[AccountMail]core.EmailTemplate{
	MailConfirmEmail: linkMail("أكّد عنوان بريدك لدى {APP_NAME}", "مرحبًا،",
		"أهلًا بك في {APP_NAME}. أكّد أن هذا عنوان بريدك الإلكتروني.", MailConfirmEmail, "أكّد عنوان البريد",
		"إن لم تُنشئ حسابًا فتجاهل هذه الرسالة."),
	MailResetPassword: linkMail("اختر كلمة مرور جديدة لدى {APP_NAME}", "مرحبًا،",
		"طلب أحدهم، وغالبًا أنت، اختيار كلمة مرور جديدة. يعمل الرابط نصف ساعة.", MailResetPassword, "اختر كلمة مرور جديدة",
		"إن لم تكن أنت فتجاهل هذه الرسالة: تبقى كلمة مرورك كما هي."),
	MailChangeEmail: linkMail("أكّد عنوان بريدك الجديد لدى {APP_NAME}", "مرحبًا،",
		"أكّد أنك تريد استخدام هذا العنوان من الآن. ستُطلب منك كلمة مرورك.", MailChangeEmail, "أكّد العنوان الجديد",
		"إن لم تطلب ذلك فتجاهل هذه الرسالة."),
	MailCode: {
		Subject: "{OTP} رمزك لدى {APP_NAME}",
		Body: `<p>مرحبًا،</p>
<p>رمز تسجيل دخولك هو <strong><bdi>{OTP}</bdi></strong>. يعمل مرة واحدة، لخمس دقائق.</p>
<p><i>لن يسألك أحد من {APP_NAME} عنه أبدًا. إن لم تكن تسجّل الدخول الآن فهناك من يعرف كلمة مرورك: غيّرها.</i></p>
<p>{APP_NAME}</p>`,
	},
	MailSignInAlert: {
		Subject: "دخول إلى حسابك من مكان جديد",
		Body: `<p>مرحبًا،</p>
<p>لاحظنا دخولًا إلى حسابك في {APP_NAME} من مكان جديد:</p>
<p><em><bdi>{ALERT_INFO}</bdi></em></p>
<p><strong>إن لم تكن أنت فغيّر كلمة مرورك فورًا: فذلك ينهي كل جلسة أخرى.</strong></p>
<p>إن كنت أنت فتجاهل هذه الرسالة.</p>
<p>{APP_NAME}</p>`,
	},
	mailTaken: {
		Subject: "لديك حساب في {APP_NAME} من قبل",
		Body: `<p>مرحبًا،</p><p>حاول أحدهم، وغالبًا أنت، إنشاء حساب بهذا العنوان. هناك حساب به من قبل: ` +
			`<a href="{PUBLIC_URL}/sign-in">سجّل الدخول</a>، أو <a href="{PUBLIC_URL}/forgot-password">اختر كلمة مرور جديدة</a>.</p>` +
			`<p><i>إن لم تكن أنت فتجاهل هذه الرسالة.</i></p><p>{APP_NAME}</p>`,
	},
}
