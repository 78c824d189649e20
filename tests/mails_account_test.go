package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/mails"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// wantArabic demands a mail in Arabic, right to left, with a link into the web app.
func wantArabic(t *testing.T, mail Mail, words string) {
	t.Helper()
	if !strings.Contains(mail.HTML, `<div lang="ar" dir="rtl">`) || !strings.Contains(mail.HTML, words) {
		t.Errorf("Expected an Arabic mail with %q, got %s", words, mail.HTML)
	}
	for _, left := range []string{"Hello", "_URL}", "{APP_", "{TOKEN", "{OTP", "{ALERT"} {
		if strings.Contains(mail.HTML+mail.Subject, left) {
			t.Errorf("Expected no %q in the mail, got %s", left, mail.HTML)
		}
	}
}

// TestAccountMailsAreInTheLanguageOfTheirReader: from the first one on, which
// comes with the sign-up, and until the operator has written another text.
func TestAccountMailsAreInTheLanguageOfTheirReader(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) { o.PublicURL = "https://market.example" })
	box := NewMailbox(m, collections.DomainUsers)
	form := func(language string) Body {
		return Body{"email": "leila@example.com", "password": "a long password", "passwordConfirm": "a long password", "name": "ليلى", "roles": []string{"client"}, "language": language}
	}
	m.Guest().Create(collections.DomainUsers, collections.Users, form("tlh")).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	made := m.Guest().Create(collections.DomainUsers, collections.Users, form("ar"))
	made.Want(t, http.StatusOK, "")
	const to = "leila@example.com"
	welcome := box.Wait(to, "أكّد عنوان بريدك لدى")
	wantArabic(t, welcome, `href="https://market.example/confirm-email#`)
	m.Guest().Do(http.MethodPost, authPath+"confirm-verification", Body{"token": welcome.Token("confirm-email")}).Want(t, http.StatusNoContent, "")

	m.Guest().Create(collections.DomainUsers, collections.Users, form("en")).Want(t, http.StatusOK, "")
	wantArabic(t, box.Wait(to, "لديك حساب في"), `href="https://market.example/forgot-password"`)
	m.Guest().Do(http.MethodPost, authPath+"request-password-reset", Body{"email": to}).Want(t, http.StatusNoContent, "")
	wantArabic(t, box.Wait(to, "اختر كلمة مرور جديدة"), `href="https://market.example/reset-password#`)
	m.Guest().Do(http.MethodPost, authPath+"request-otp", Body{"email": to}).Want(t, http.StatusOK, "")
	wantArabic(t, box.Wait(to, "رمزك لدى"), "<strong><bdi>")

	users := m.Instances[collections.DomainUsers].App
	user, err := users.FindRecordById(collections.Users, made.Text("id"))
	if err != nil {
		t.Fatal(err)
	}
	for _, send := range []func() error{
		func() error { return mails.SendRecordChangeEmail(users, user, "new-leila@example.com") },
		func() error { return mails.SendRecordAuthAlert(users, user, "127.0.0.1 <script>") },
	} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	wantArabic(t, box.Wait("new-leila@example.com", "أكّد عنوان بريدك الجديد"), `href="https://market.example/change-email#`)
	wantArabic(t, box.Wait(to, "دخول إلى حسابك"), "127.0.0.1 &lt;script&gt;")

	col, err := users.FindCollectionByNameOrId(collections.Users)
	if err != nil {
		t.Fatal(err)
	}
	col.ResetPasswordTemplate = core.EmailTemplate{Subject: "Words of the operator", Body: `<p><a href="{PUBLIC_URL}/reset-password#{TOKEN}">Go on</a></p>`}
	if err := users.Save(col); err != nil {
		t.Fatal(err)
	}
	again, err := users.FindRecordById(collections.Users, user.Id)
	if err != nil {
		t.Fatal(err)
	}
	if err := mails.SendRecordPasswordReset(users, again); err != nil {
		t.Fatal(err)
	}
	if edited := box.Wait(to, "Words of the operator"); !strings.Contains(edited.HTML, `href="https://market.example/reset-password#`) || strings.Contains(edited.HTML, "rtl") {
		t.Errorf("Expected the operator's own text, got %s", edited.HTML)
	}
}

// TestTheLanguageOfAnAccountIsThatOfItsMails: chosen once, on users, it holds for
// mails about what is unread, for the page that stops them, and goes with the account.
func TestTheLanguageOfAnAccountIsThatOfItsMails(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := UsePostOffice(m)
	s := NewStory(m).Publish()
	verifyMail(m, s.Client, s.Freelancer)
	s.Client.Do(http.MethodPatch, authPath+"records/"+s.Client.ID, Body{"language": "xx"}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	s.Client.Do(http.MethodPatch, authPath+"records/"+s.Client.ID, Body{"language": "ar"}).Want(t, http.StatusOK, "")
	m.Deliver()
	s.Propose()
	m.Deliver()
	later(m, 11*time.Minute, s.Client)
	m.Post()
	mails, texts := readable(box.Taken())
	if len(mails) != 1 || !strings.Contains(texts[0], "كل إعدادات البريد: http") {
		t.Fatalf("Expected one Arabic mail, got:\n%s", strings.Join(texts, "\n----\n"))
	}
	link := mails[0].Header.Get("List-Unsubscribe")
	path := strings.TrimSuffix(link[strings.Index(link, "/api/"):], ">")
	page := m.Guest().Do(http.MethodGet, path, nil, "Accept-Language", "en")
	for _, words := range []string{`<html lang="ar" dir="rtl">`, "أوقف هذه الرسائل", "لن تصلك بعد الآن رسائل عن «عرض جديد على", "ستظل تراه"} {
		if !strings.Contains(string(page.Raw), words) {
			t.Errorf("Expected %q on the page, got %s", words, page.Raw)
		}
	}
	if done := m.Guest().Do(http.MethodPost, path, nil); done.Status != http.StatusOK || !strings.Contains(string(done.Raw), "كل إعدادات البريد") {
		t.Errorf("Expected to be told in Arabic, got %d %s", done.Status, done.Raw)
	}
	broken := m.Guest().Do(http.MethodGet, path[:len(path)-3], nil, "Accept-Language", "fr, ar-EG;q=0.8")
	if broken.Status != http.StatusBadRequest || !strings.Contains(string(broken.Raw), "هذا الرابط غير مكتمل") {
		t.Errorf("Expected to be told what is wrong in the browser's language, got %d %s", broken.Status, broken.Raw)
	}
}
