package tests

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

const authPath = "/api/users/api/collections/users/"

// confirmEmail follows the link in the welcome mail.
func confirmEmail(t *testing.T, box *Mailbox, p *Person) {
	t.Helper()
	token := box.Wait(p.Email, "Confirm your e-mail").Token("confirm-email")
	p.Do(http.MethodPost, authPath+"confirm-verification", Body{"token": token}).Want(t, http.StatusNoContent, "")
}

// TestWelcomeMail: a new account gets a link into the web app that confirms its
// address; a second sign-up with the address answers alike and tells its owner.
func TestWelcomeMail(t *testing.T) {
	t.Parallel()
	m := New(t, func(o *services.Options) { o.PublicURL = "https://market.example" })
	box := NewMailbox(m, collections.DomainUsers)
	p := m.User(collections.RoleClient)
	mail := box.Wait(p.Email, "Confirm your e-mail")
	if !strings.Contains(mail.HTML, `href="https://market.example/confirm-email#`) || strings.Contains(mail.HTML, "_URL}") || strings.Contains(mail.HTML, "{APP_") {
		t.Errorf("Expected a link into the web app, got %s", mail.HTML)
	}
	confirmEmail(t, box, p)
	m.Deliver()
	if !p.View(collections.DomainUsers, collections.Users, p.ID).JSON["verified"].(bool) {
		t.Error("Expected the address to be confirmed")
	}
	form := Body{"email": p.Email, "password": "another password", "passwordConfirm": "another password", "name": "Somebody", "roles": []string{"client"}}
	taken := m.Guest().Create(collections.DomainUsers, collections.Users, form)
	form["email"] = "fresh" + p.Email
	fresh := m.Guest().Create(collections.DomainUsers, collections.Users, form)
	if shape(taken) != shape(fresh) {
		t.Errorf("Expected the same answer for a taken and a fresh address, got\n%s\n%s", taken.Raw, fresh.Raw)
	}
	if warned := box.Wait(p.Email, "already have an account"); !strings.Contains(warned.HTML, "https://market.example/forgot-password") {
		t.Errorf("Expected the owner to be told what to do, got %s", warned.HTML)
	}
}

var variable = regexp.MustCompile(`"(id|email|created|updated)":"[^"]*"`)

// shape is an answer without what differs from account to account.
func shape(answer *Response) string {
	return fmt.Sprint(answer.Status, variable.ReplaceAllString(string(answer.Raw), `"$1":""`))
}

// TestNewPasswordByMail: the link sets a new password and ends every session;
// an unknown address answers alike.
func TestNewPasswordByMail(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := NewMailbox(m, collections.DomainUsers)
	p := m.User(collections.RoleClient)
	known := m.Guest().Do(http.MethodPost, authPath+"request-password-reset", Body{"email": p.Email})
	unknown := m.Guest().Do(http.MethodPost, authPath+"request-password-reset", Body{"email": "nobody@example.com"})
	if known.Status != http.StatusNoContent || unknown.Status != http.StatusNoContent {
		t.Errorf("Expected the same answer, got %d and %d", known.Status, unknown.Status)
	}
	token := box.Wait(p.Email, "new password").Token("reset-password")
	body := Body{"token": token, "password": "a fresh password", "passwordConfirm": "a fresh password"}
	m.Guest().Do(http.MethodPost, authPath+"confirm-password-reset", body).Want(t, http.StatusNoContent, "")
	m.Deliver()
	for _, domain := range collections.Domains {
		p.List(domain, collections.Users, "").Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	}
	if again := m.Guest().Do(http.MethodPost, authPath+"confirm-password-reset", body); again.Status != http.StatusBadRequest {
		t.Errorf("Expected the link to work once, got %d", again.Status)
	}
	p.Token, p.Password = "", "a fresh password"
	p.SignIn()
}

// TestChangeOfEmail: the new address is confirmed from its own mailbox with the
// password; a taken one answers alike and gets no mail.
func TestChangeOfEmail(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := NewMailbox(m, collections.DomainUsers)
	p, other := m.User(collections.RoleClient), m.User(collections.RoleClient)
	p.Do(http.MethodPost, authPath+"request-email-change", Body{"newEmail": other.Email}).Want(t, http.StatusNoContent, "")
	p.Do(http.MethodPost, authPath+"request-email-change", Body{"newEmail": "moved@example.com"}).Want(t, http.StatusNoContent, "")
	token := box.Wait("moved@example.com", "new e-mail").Token("change-email")
	if got := box.find(other.Email, "new e-mail"); len(got) > 0 {
		t.Errorf("Expected no mail to an address that is taken, got %v", got)
	}
	if wrong := m.Guest().Do(http.MethodPost, authPath+"confirm-email-change", Body{"token": token, "password": "not the password"}); wrong.Status != http.StatusBadRequest {
		t.Errorf("Expected the password to be asked for, got %d", wrong.Status)
	}
	m.Guest().Do(http.MethodPost, authPath+"confirm-email-change", Body{"token": token, "password": p.Password}).Want(t, http.StatusNoContent, "")
	m.Deliver()
	p.View(collections.DomainProjects, collections.Users, p.ID).Want(t, http.StatusUnauthorized, services.CodeTokenRevoked)
	p.Token, p.Email = "", "moved@example.com"
	p.SignIn()
}

var codePattern = regexp.MustCompile(`<strong>(\d{8})</strong>`)

// code asks for a code and reads it from the mail.
func code(t *testing.T, m *Market, box *Mailbox, p *Person) (id, code string) {
	t.Helper()
	before := len(box.find(p.Email, "is your code"))
	asked := m.Guest().Do(http.MethodPost, authPath+"request-otp", Body{"email": p.Email})
	asked.Want(t, http.StatusOK, "")
	for until := time.Now().Add(30 * time.Second); len(box.find(p.Email, "is your code")) == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("Expected a code")
		}
	}
	found := codePattern.FindStringSubmatch(box.Wait(p.Email, "is your code").HTML)
	if len(found) != 2 {
		t.Fatal("Expected a code in the mail")
	}
	return asked.Text("otpId"), found[1]
}

// TestSecondFactor: with it, a password alone gives no session, no cookie and no
// token; a code on top does. Wrong codes are counted by account.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	m := New(t)
	p := m.User(collections.RoleFreelancer)
	enable := func() *Response {
		return p.Command(collections.DomainUsers, "users/"+p.ID+"/enable-mfa", "", nil)
	}
	enable().Want(t, http.StatusConflict, services.CodeNoMail)
	box := NewMailbox(m, collections.DomainUsers)
	enable().Want(t, http.StatusForbidden, services.CodeNotVerified)
	m.Guest().Do(http.MethodPost, authPath+"request-verification", Body{"email": p.Email}).Want(t, http.StatusNoContent, "")
	confirmEmail(t, box, p)
	m.User(collections.RoleClient).Command(collections.DomainUsers, "users/"+p.ID+"/enable-mfa", "", nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	m.Clock.Advance(services.FreshSignIn - time.Minute)
	enable().Want(t, http.StatusOK, "")

	sessions := func() int64 {
		total, err := m.Instances[collections.DomainUsers].App.CountRecords(collections.Sessions)
		if err != nil {
			t.Fatal(err)
		}
		return total
	}
	before := sessions()
	first := m.Guest().Do(http.MethodPost, authPath+"auth-with-password", Body{"identity": p.Email, "password": p.Password})
	mfa := first.Text("mfaId")
	if first.Status != http.StatusUnauthorized || mfa == "" || first.Text("token") != "" || first.Header.Get("Set-Cookie") != "" || sessions() != before {
		t.Fatalf("Expected a second factor to be asked for, got %d %s", first.Status, first.Raw)
	}
	twice := m.Guest().Do(http.MethodPost, authPath+"auth-with-password", Body{"identity": p.Email, "password": p.Password, "mfaId": mfa})
	if twice.Status != http.StatusBadRequest || sessions() != before {
		t.Errorf("Expected the password not to count twice, got %d", twice.Status)
	}
	id, right := code(t, m, box, p)
	wrong := m.Guest().Do(http.MethodPost, authPath+"auth-with-otp", Body{"otpId": id, "password": "00000000", "mfaId": mfa})
	if wrong.Status != http.StatusBadRequest || sessions() != before {
		t.Errorf("Expected a wrong code to be refused, got %d", wrong.Status)
	}
	done := m.Guest().Do(http.MethodPost, authPath+"auth-with-otp", Body{"otpId": id, "password": right, "mfaId": mfa})
	done.Want(t, http.StatusOK, "")
	if done.Text("token") == "" || done.Header.Get("Set-Cookie") == "" || sessions() != before+1 {
		t.Errorf("Expected one session, got %d more", sessions()-before)
	}
	if again := m.Guest().Do(http.MethodPost, authPath+"auth-with-otp", Body{"otpId": id, "password": right, "mfaId": mfa}); again.Status != http.StatusBadRequest {
		t.Errorf("Expected a code to work once, got %d", again.Status)
	}

	id, _ = code(t, m, box, p)
	var last *Response
	for range 12 {
		last = m.Guest().Do(http.MethodPost, authPath+"auth-with-otp", Body{"otpId": id, "password": "00000000"})
	}
	last.Want(t, http.StatusTooManyRequests, services.CodeTooManyRequests)

	p.Token = done.Text("token")
	m.Clock.Advance(services.AccessTokenLife - time.Second)
	p.Command(collections.DomainUsers, "users/"+p.ID+"/disable-mfa", "", nil).Want(t, http.StatusOK, "")
}

// logged is a log that is read while it is written.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestCodesGoToConfirmedAddresses: an account made with somebody else's address
// cannot be taken over by both: no code is sent before it is confirmed, and the
// answer is that of an unknown address. Neither is written into the log.
func TestCodesGoToConfirmedAddresses(t *testing.T) {
	t.Parallel()
	var log logged
	m := New(t, func(options *services.Options) { options.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	box := NewMailbox(m, collections.DomainUsers)
	p := m.User(collections.RoleClient)
	for _, email := range []string{p.Email, "nobody@example.com"} {
		answer := m.Guest().Do(http.MethodPost, authPath+"request-otp", Body{"email": email})
		if answer.Status != http.StatusOK || answer.Text("otpId") == "" {
			t.Errorf("Expected the same answer for everybody, got %d %s", answer.Status, answer.Raw)
		}
	}
	if text := log.String(); strings.Contains(text, p.Email) || strings.Contains(text, "nobody@example.com") {
		t.Errorf("Expected no address in the log, got %s", text)
	}
	confirmEmail(t, box, p)
	id, right := code(t, m, box, p)
	if got := box.find(p.Email, "is your code"); len(got) != 1 {
		t.Errorf("Expected one code, got %d", len(got))
	}
	in := m.Guest().Do(http.MethodPost, authPath+"auth-with-otp?refreshToken=body", Body{"otpId": id, "password": right})
	in.Want(t, http.StatusOK, "")
	p.Token = in.Text("token")
	p.List(collections.DomainPayments, collections.Payments, "").Want(t, http.StatusOK, "")
}

// TestSecurityIsPrivate: who has a second factor is nobody else's business.
func TestSecurityIsPrivate(t *testing.T) {
	t.Parallel()
	m := New(t)
	p, other := m.User(collections.RoleFreelancer), m.User(collections.RoleClient)
	p.Do(http.MethodGet, "/api/users/api/users/"+p.ID+"/security", nil).Want(t, http.StatusOK, "")
	other.Do(http.MethodGet, "/api/users/api/users/"+p.ID+"/security", nil).Want(t, http.StatusNotFound, services.CodeNotFound)
	m.Guest().Do(http.MethodGet, "/api/users/api/users/"+p.ID+"/security", nil).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)
	if raw := other.View(collections.DomainUsers, collections.Users, p.ID); strings.Contains(string(raw.Raw), "mfa") {
		t.Errorf("Expected no word of it on the profile, got %s", raw.Raw)
	}
	if got := other.List(collections.DomainUsers, collections.Users, "?filter=mfa%3Dtrue"); got.Status != http.StatusBadRequest {
		t.Errorf("Expected no filter by it, got %d", got.Status)
	}
	p.Do(http.MethodPatch, "/api/users/api/collections/users/records/"+p.ID, Body{"mfa": true}).Want(t, http.StatusBadRequest, services.CodeFieldReadOnly)
}
