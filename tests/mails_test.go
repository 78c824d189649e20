package tests

import (
	"context"
	"mime"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// Post writes the mails that are due and sends them.
func (m *Market) Post() {
	m.tb.Helper()
	ctx := context.Background()
	if err := (services.ChatsService{Instance: m.Instances[messagesDomain]}).MailDue(ctx); err != nil {
		m.tb.Fatalf("Failed to write mails: %v", err)
	}
	m.Deliver()
	if err := (services.UsersService{Instance: m.Instances[collections.DomainUsers]}).SendMails(ctx); err != nil {
		m.tb.Logf("sending mails: %v", err)
	}
}

// verifyMail makes people's addresses verified, as if they had followed the link.
func verifyMail(m *Market, people ...*Person) {
	m.tb.Helper()
	app := m.Instances[collections.DomainUsers].App
	for _, p := range people {
		record, err := app.FindRecordById(collections.Users, p.ID)
		if err != nil {
			m.tb.Fatal(err)
		}
		record.SetVerified(true)
		if err := app.Save(record); err != nil {
			m.tb.Fatal(err)
		}
	}
	m.Deliver()
}

// later moves the clock; whoever acts afterwards signs in again.
func later(m *Market, d time.Duration, people ...*Person) {
	m.tb.Helper()
	m.Clock.Advance(d)
	for _, p := range people {
		p.SignIn()
	}
}

func prefer(p *Person, body Body) *Response {
	p.tb.Helper()
	return p.Do(http.MethodPost, "/api/chats/api/notifications/settings", body)
}

var linkPattern = regexp.MustCompile(`Stop these mails: (\S+)`)

// unsubscribeLink finds the address in a mail's text, as a path on the marketplace.
func unsubscribeLink(t *testing.T, text string) string {
	t.Helper()
	match := linkPattern.FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("Expected a link to stop mails in:\n%s", text)
	}
	link, err := url.Parse(match[1])
	if err != nil {
		t.Fatal(err)
	}
	return link.RequestURI()
}

func TestAMailTellsOfWhatIsUnreadAndStopsInOneClick(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := UsePostOffice(m)
	s := NewStory(m).Publish()
	verifyMail(m, s.Client, s.Freelancer)
	s.Propose()
	m.Deliver()
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Fatalf("Expected no mail at once, got %d", len(mails))
	}
	later(m, 11*time.Minute, s.Client)
	m.Post()
	mails, texts := box.Taken()
	if len(mails) != 1 {
		t.Fatalf("Expected one mail, got %d", len(mails))
	}
	head := mails[0].Header
	if !strings.Contains(head.Get("To"), s.Client.Email) || head.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.HasPrefix(head.Get("List-Unsubscribe"), "<http") || !strings.HasPrefix(head.Get("Message-ID"), "<mail.") {
		t.Errorf("Expected the headers of RFC 8058 and an id, got %v", head)
	}
	for _, words := range []string{"New proposal for A shop for teapots", "1234.57 EUR", "/projects/" + s.Project, "You get this mail because"} {
		if !strings.Contains(texts[0], words) {
			t.Errorf("Expected %q in the mail:\n%s", words, texts[0])
		}
	}
	m.Post()
	later(m, time.Hour, s.Client)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Errorf("Expected no second mail about the same, got %d", len(mails))
	}

	link, guest := unsubscribeLink(t, texts[0]), m.Guest()
	kindOf := func() string {
		for _, kind := range told(s.Client, "notifications/settings").JSON["kinds"].([]any) {
			if one := kind.(map[string]any); one["kind"] == services.TopicProposalSubmitted {
				return one["channel"].(string)
			}
		}
		return ""
	}
	if page := guest.Do(http.MethodGet, link, nil); page.Status != http.StatusOK || !strings.Contains(string(page.Raw), `<form method="post">`) {
		t.Errorf("Expected a page that asks, got %d: %s", page.Status, page.Raw)
	}
	if got := kindOf(); got != services.ChannelEmail {
		t.Errorf("Expected looking at the page to change nothing, got %s", got)
	}
	for range 2 { // the second is as good as the first
		done := guest.Do(http.MethodPost, link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded")
		if done.Status != http.StatusOK {
			t.Errorf("Expected one click to do, got %d: %s", done.Status, done.Raw)
		}
	}
	if got := kindOf(); got != services.ChannelApp {
		t.Errorf("Expected no more mails of this kind, got %s", got)
	}
	if forged := guest.Do(http.MethodPost, strings.Replace(link, "token=", "token=x", 1), nil); forged.Status != http.StatusBadRequest {
		t.Errorf("Expected a forged link to be refused, got %d", forged.Status)
	}
	another := &Story{Market: m, Client: s.Client, Freelancer: m.User(collections.RoleFreelancer), Project: s.Project, Amount: 5}
	another.Propose()
	m.Deliver()
	later(m, time.Hour, s.Client)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Errorf("Expected no mail after one click, got %d", len(mails))
	}
	m.Sound()
}

func TestUnreadOfOneKindAboutOneThingIsOneNotification(t *testing.T) {
	t.Parallel()
	m := New(t)
	s := NewStory(m).Publish()
	propose := func() {
		(&Story{Market: m, Client: s.Client, Freelancer: m.User(collections.RoleFreelancer), Project: s.Project, Amount: 700}).Propose()
		m.Deliver()
	}
	unread := func() []map[string]any {
		return items(s.Client.List(messagesDomain, collections.Notifications, where(`kind="proposal.submitted" && readAt=""`)))
	}
	heard := listen(t, s.Client, messagesDomain, "notifications/*")
	for range 3 {
		propose()
	}
	list := unread()
	if len(list) != 1 || list[0]["count"] != 3.0 || list[0]["title"] != "3 new proposals for A shop for teapots" {
		t.Fatalf("Expected one notification of three, got %v", list)
	}
	params, _ := list[0]["params"].(map[string]any)
	if params["project"] != s.Project || params["amount"] != 700.0 || params["currency"] != "EUR" || list[0]["subject"] != s.Project {
		t.Errorf("Expected what it is about as data, got %v", list[0])
	}
	if list[0]["mailAt"] != nil || list[0]["channel"] != nil {
		t.Errorf("Expected what only the server needs to be hidden, got %v", list[0])
	}
	if !heard.heard(`"count":3`, 30*time.Second) {
		t.Error("Expected to hear of the third")
	}
	s.Client.Do(http.MethodPost, "/api/chats/api/notifications/read", Body{}).Want(t, http.StatusOK, "")
	if got := unread(); len(got) != 0 {
		t.Errorf("Expected all to be read, got %v", got)
	}
	propose()
	if got := unread(); len(got) != 1 || got[0]["count"] != 1.0 {
		t.Errorf("Expected a new one after reading, got %v", got)
	}
	m.Sound()
}

func TestPeopleChooseHowTheyHear(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := UsePostOffice(m)
	s := NewStory(m).Publish()
	verifyMail(m, s.Client)
	for field, body := range map[string]Body{
		"channels":  {"channels": Body{"proposal.submitted": "pigeon"}},
		"channels ": {"channels": Body{"proposal.eaten": "app"}},
		"quietFrom": {"quietFrom": "25:00"},
		"digestAt":  {"digestAt": "8"},
		"color":     {"color": "red"},
	} {
		answer := prefer(s.Client, body)
		answer.Want(t, http.StatusBadRequest, services.CodeInvalidInput)
		if answer.Object("data").Text("field") != strings.TrimSpace(field) {
			t.Errorf("Expected the answer to name %s, got %s", field, answer.Raw)
		}
	}
	prefer(s.Client, Body{"channels": Body{"destination.changed": "off"}}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	prefer(m.Guest(), Body{}).Want(t, http.StatusUnauthorized, services.CodeAuthRequired)

	s.Client.Do(http.MethodPatch, "/api/users/api/collections/users/records/"+s.Client.ID, Body{"timezone": "Asia/Tokyo"}).Want(t, http.StatusOK, "")
	m.Deliver()
	propose := func() {
		(&Story{Market: m, Client: s.Client, Freelancer: m.User(collections.RoleFreelancer), Project: s.Project, Amount: 700}).Propose()
		m.Deliver()
	}
	// The clock stands at 12:00 in UTC, 21:00 in Tokyo.
	prefer(s.Client, Body{"quietFrom": "21:00", "quietTo": "07:30"}).Want(t, http.StatusOK, "")
	propose()
	later(m, Start.Add(10*time.Hour+29*time.Minute).Sub(m.Clock.Now()), s.Client)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Errorf("Expected quiet at night, got %d mails", len(mails))
	}
	later(m, Start.Add(10*time.Hour+30*time.Minute).Sub(m.Clock.Now()), s.Client)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 1 {
		t.Errorf("Expected the mail at half past seven in Tokyo, got %d", len(mails))
	}

	s.Client.Do(http.MethodPost, "/api/chats/api/notifications/read", Body{}).Want(t, http.StatusOK, "")
	prefer(s.Client, Body{"channels": Body{"proposals": "digest"}, "digestAt": "09:00"}).Want(t, http.StatusOK, "")
	propose()
	propose()
	later(m, Start.Add(11*time.Hour+59*time.Minute).Sub(m.Clock.Now()), s.Client)
	m.Post()
	later(m, Start.Add(12*time.Hour).Sub(m.Clock.Now()), s.Client) // 09:00 in Tokyo
	m.Post()
	mails, texts := box.Taken()
	if len(mails) != 1 || !strings.Contains(texts[0], "Subject: Your day on LancersHub: 1 thing") || !strings.Contains(texts[0], "2 new proposals") {
		t.Fatalf("Expected one digest in the morning, got %v", texts)
	}
	m.Guest().Do(http.MethodPost, unsubscribeLink(t, texts[0]), "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded").Want(t, http.StatusOK, "")
	propose()
	later(m, 48*time.Hour, s.Client)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Errorf("Expected no digest any more, got %d", len(mails))
	}

	prefer(s.Client, Body{"channels": Body{"proposal.submitted": "off"}}).Want(t, http.StatusOK, "")
	s.Client.Do(http.MethodPost, "/api/chats/api/notifications/read", Body{}).Want(t, http.StatusOK, "")
	propose()
	if got := items(s.Client.List(messagesDomain, collections.Notifications, where(`readAt=""`))); len(got) != 0 {
		t.Errorf("Expected nothing of a kind that is off, got %v", got)
	}
	m.Sound()
}

func TestAMailTellsOfUnreadMessages(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := UsePostOffice(m)
	s := Hired(m)
	verifyMail(m, s.Client, s.Freelancer)
	prefer(s.Freelancer, Body{"channels": Body{"contracts": "app"}}).Want(t, http.StatusOK, "")
	prefer(s.Client, Body{"channels": Body{"*": "app"}}).Want(t, http.StatusOK, "")
	later(m, time.Hour, s.Client, s.Freelancer)
	m.Post()
	box.Taken()
	chat := chatOf(s)
	say(s.Client, chat, "Are you there?\r\nBcc: x@example.com").Want(t, http.StatusOK, "")
	say(s.Client, chat, "Hello?").Want(t, http.StatusOK, "")
	m.Post()
	later(m, 10*time.Minute, s.Client, s.Freelancer)
	m.Post()
	mails, texts := box.Taken()
	if len(mails) != 1 || mails[0].Header.Get("Bcc") != "" || !strings.Contains(texts[0], "2 new messages in A shop for teapots") || !strings.Contains(texts[0], "Are you there?") {
		t.Fatalf("Expected one mail of two messages, got %v", texts)
	}
	if got := mails[0].Header.Get("References"); !strings.HasPrefix(got, "<chat."+chat+"@") {
		t.Errorf("Expected mails about one chat to belong together, got %q", got)
	}
	say(s.Client, chat, "Hello??").Want(t, http.StatusOK, "")
	later(m, time.Hour, s.Client, s.Freelancer)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Errorf("Expected not to be told again before looking, got %d", len(mails))
	}
	ask(s.Freelancer, "chats/"+chat+"/read", Body{}).Want(t, http.StatusOK, "")
	say(s.Client, chat, "Read in time").Want(t, http.StatusOK, "")
	later(m, 5*time.Minute, s.Client, s.Freelancer)
	ask(s.Freelancer, "chats/"+chat+"/read", Body{}).Want(t, http.StatusOK, "")
	later(m, time.Hour, s.Client, s.Freelancer)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Errorf("Expected no mail about what was read in time, got %d", len(mails))
	}
}

func TestMailsGoOnlyWhereTheyMay(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := UsePostOffice(m)
	s := NewStory(m).Publish()
	s.Propose()
	m.Deliver()
	later(m, time.Hour, s.Client)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Errorf("Expected no mail to an address nobody verified, got %d", len(mails))
	}
	verifyMail(m, s.Client)
	propose := func() {
		s.Client.Do(http.MethodPost, "/api/chats/api/notifications/read", Body{}).Want(t, http.StatusOK, "")
		(&Story{Market: m, Client: s.Client, Freelancer: m.User(collections.RoleFreelancer), Project: s.Project, Amount: 700}).Propose()
		m.Deliver()
		later(m, time.Hour, s.Client)
	}
	propose()
	box.Refuse(451)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Fatalf("Expected the mail server's refusal to hold, got %d", len(mails))
	}
	later(m, time.Minute, s.Client)
	m.Post()
	later(m, time.Hour, s.Client)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 1 {
		t.Errorf("Expected the mail once when the server takes it, got %d", len(mails))
	}
	propose()
	m.run(collections.DomainUsers, "ALTER TABLE users RENAME TO unreadable")
	m.Post()
	m.run(collections.DomainUsers, "ALTER TABLE unreadable RENAME TO users")
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 1 {
		t.Errorf("Expected a mail to wait until its address can be read, got %d", len(mails))
	}
	propose()
	box.Refuse(550)
	m.Post()
	later(m, time.Hour, s.Client)
	m.Post()
	if mails, _ := box.Taken(); len(mails) != 0 {
		t.Errorf("Expected a final no to be final, got %d", len(mails))
	}
	queue := m.Superuser(collections.DomainUsers).List(collections.DomainUsers, collections.MailQueue, "?sort=created")
	states := []any{}
	for _, one := range items(queue) {
		states = append(states, one["state"])
	}
	if len(states) != 4 || states[0] != "dropped" || states[1] != "sent" || states[2] != "sent" || states[3] != "dropped" {
		t.Errorf("Expected moderators to see what became of each mail, got %v", states)
	}
	s.Client.List(collections.DomainUsers, collections.MailQueue, "").Want(t, http.StatusForbidden, services.CodeForbidden)
	m.Sound()
}

// quotedPattern is what quoted-printable makes of a byte, or of the end of a long line (RFC 2045, section 6.7).
var quotedPattern = regexp.MustCompile(`=(\r?\n|[0-9A-F]{2})`)

// readable undoes quoted-printable in mails as they were taken.
func readable(mails []*mail.Message, texts []string) ([]*mail.Message, []string) {
	for n, text := range texts {
		texts[n] = quotedPattern.ReplaceAllStringFunc(text, func(quoted string) string {
			octet, err := strconv.ParseUint(quoted[1:], 16, 8)
			if err != nil {
				return ""
			}
			return string([]byte{byte(octet)})
		})
	}
	return mails, texts
}

// TestMailsAreInTheLanguageOfTheirReader: the same news to two people, each in the
// language they chose, as text and as HTML.
func TestMailsAreInTheLanguageOfTheirReader(t *testing.T) {
	t.Parallel()
	m := New(t)
	box := UsePostOffice(m)
	s := NewStory(m).Publish()
	verifyMail(m, s.Client, s.Freelancer)
	prefer(s.Client, Body{"language": "tlh"}).Want(t, http.StatusBadRequest, services.CodeInvalidInput)
	prefer(s.Client, Body{"language": "ar"}).Want(t, http.StatusOK, "")
	if chosen := told(s.Client, "notifications/settings").Text("language"); chosen != "ar" {
		t.Errorf("Expected the settings to say the language, got %q", chosen)
	}
	s.Propose()
	m.Deliver()
	later(m, 11*time.Minute, s.Client)
	m.Post()
	mails, texts := readable(box.Taken())
	if len(mails) != 1 {
		t.Fatalf("Expected one mail, got %d", len(mails))
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(mails[0].Header.Get("Subject"))
	if err != nil || subject != "عرض جديد على \u2068A shop for teapots\u2069" {
		t.Errorf("Expected an Arabic subject, got %q (%v)", subject, err)
	}
	for _, words := range []string{"\u20681234.57 EUR\u2069", "/projects/" + s.Project, "والرسائل البريدية عن العروض والدعوات مفعّلة", "أوقف هذه الرسائل: http", "كل إعدادات البريد: http", `<html lang="ar" dir="rtl">`} {
		if !strings.Contains(texts[0], words) {
			t.Errorf("Expected %q in the mail:\n%s", words, texts[0])
		}
	}
	for _, words := range []string{"You get", "Stop these", "New proposal"} {
		if strings.Contains(texts[0], words) {
			t.Errorf("Expected no English, found %q in:\n%s", words, texts[0])
		}
	}

	prefer(s.Client, Body{"language": ""}).Want(t, http.StatusOK, "")
	s.Hire()
	prefer(s.Freelancer, Body{"language": "ar", "digestAt": "09:00", "channels": Body{"*": "digest"}}).Want(t, http.StatusOK, "")
	s.Fund()
	m.Deliver()
	later(m, 24*time.Hour, s.Client, s.Freelancer)
	m.Post()
	mails, texts = readable(box.Taken())
	found := false
	for n := range mails {
		if strings.Contains(mails[n].Header.Get("To"), s.Freelancer.Email) && strings.Contains(texts[n], "ملخصًا يوميًا") {
			found = strings.Contains(texts[n], "حُجز \u2068")
		}
	}
	if !found {
		t.Errorf("Expected an Arabic digest for the freelancer, got:\n%s", strings.Join(texts, "\n----\n"))
	}
}
