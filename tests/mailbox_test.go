package tests

import (
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/lancershub/lancershub/collections"
)

// Mailbox is a mail server on loopback that keeps what it is given.
type Mailbox struct {
	tb    testing.TB
	mu    sync.Mutex
	mails []Mail
}

// Mail is one mail that arrived; HTML is its decoded body.
type Mail struct{ To, Subject, HTML string }

// NewMailbox starts a mail server and makes domain send through it.
func NewMailbox(m *Market, domain collections.Domain) *Mailbox {
	m.tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.tb.Fatal(err)
	}
	box := &Mailbox{tb: m.tb}
	server := smtp.NewServer(box)
	server.Domain = "localhost"
	go func() { _ = server.Serve(listener) }()
	m.tb.Cleanup(func() { _ = server.Close() })
	app := m.Instances[domain].App
	settings, err := app.Settings().Clone()
	if err != nil {
		m.tb.Fatal(err)
	}
	address, _ := listener.Addr().(*net.TCPAddr)
	settings.SMTP.Enabled, settings.SMTP.Host, settings.SMTP.Port = true, "127.0.0.1", address.Port
	settings.Meta.SenderName, settings.Meta.SenderAddress = "LancersHub", "post@example.com"
	if err := app.Save(settings); err != nil {
		m.tb.Fatal(err)
	}
	return box
}

// NewSession implements smtp.Backend.
func (b *Mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &inbound{box: b}, nil }

// inbound is one connection to a Mailbox.
type inbound struct {
	delivery
	box *Mailbox
}

// Data implements smtp.Session.
func (d *inbound) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err == nil {
		d.box.keep(string(raw))
	}
	return err
}

func (b *Mailbox) keep(raw string) {
	message, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		b.tb.Errorf("Expected a mail, got %q", raw)
		return
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		b.tb.Errorf("Expected a subject: %v", err)
	}
	kept := Mail{To: strings.Trim(message.Header.Get("To"), "<>"), Subject: subject, HTML: htmlOf(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), message.Body)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, kept)
}

// htmlOf finds the text/html part of a body.
func htmlOf(contentType, encoding string, body io.Reader) string {
	kind, params, _ := mime.ParseMediaType(contentType)
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return ""
			}
			if found := htmlOf(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); found != "" {
				return found
			}
		}
	}
	if kind != "text/html" {
		return ""
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	raw, _ := io.ReadAll(body)
	return string(raw)
}

// Wait returns the newest mail to an address whose subject has these words, when it has arrived.
func (b *Mailbox) Wait(to, subject string) Mail {
	b.tb.Helper()
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if found := b.find(to, subject); len(found) > 0 {
			return found[len(found)-1]
		}
		if time.Now().After(until) {
			b.tb.Fatalf("Expected a mail about %q to %s, got %v", subject, to, b.find("", ""))
		}
	}
}

func (b *Mailbox) find(to, subject string) []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []Mail
	for _, one := range b.mails {
		if strings.Contains(one.To, to) && strings.Contains(one.Subject, subject) {
			found = append(found, one)
		}
	}
	return found
}

// Token returns what is behind the # of the link to a page of the web app.
func (m Mail) Token(page string) string {
	_, rest, _ := strings.Cut(m.HTML, "/"+page+"#")
	token, _, _ := strings.Cut(rest, `"`)
	return token
}
