package tests

import (
	"bytes"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// PostOffice is a mail server that keeps what it is given.
type PostOffice struct {
	mu     sync.Mutex
	port   int
	mails  []*mail.Message
	texts  []string
	refuse *smtp.SMTPError
}

// UsePostOffice starts a mail server and makes the users instance use it.
func UsePostOffice(m *Market) *PostOffice {
	m.tb.Helper()
	box := NewPostOffice(m.tb)
	box.Serve(m.tb, m.Instances[collections.DomainUsers].App)
	return box
}

// NewPostOffice starts a mail server.
func NewPostOffice(tb testing.TB) *PostOffice {
	tb.Helper()
	box := &PostOffice{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	box.port = listener.Addr().(*net.TCPAddr).Port
	server := smtp.NewServer(box)
	server.Domain = "localhost"
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(func() { _ = server.Close() })
	return box
}

// Serve makes app, a users instance, send its mails here.
func (b *PostOffice) Serve(tb testing.TB, app core.App) {
	tb.Helper()
	settings, err := app.Settings().Clone()
	if err != nil {
		tb.Fatal(err)
	}
	settings.SMTP.Enabled = true
	settings.SMTP.Host, settings.SMTP.Port = "127.0.0.1", b.port
	settings.Meta.SenderName, settings.Meta.SenderAddress = "LancersHub", "no-reply@market.example"
	if err := app.Save(settings); err != nil {
		tb.Fatal(err)
	}
}

// Port is where the mail server listens on loopback.
func (b *PostOffice) Port() int { return b.port }

// Refuse answers the next mail with this code.
func (b *PostOffice) Refuse(code int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = &smtp.SMTPError{Code: code, Message: "no"}
}

// NewSession implements smtp.Backend.
func (b *PostOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{b}, nil }

type delivery struct{ box *PostOffice }

func (*delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (*delivery) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*delivery) Reset()                               {}
func (*delivery) Logout() error                        { return nil }

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if bytes.Contains(raw, []byte("Subject: Confirm your e-mail")) {
		return nil // what a new account is welcomed with is tested elsewhere
	}
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	if refusal := d.box.refuse; refusal != nil {
		d.box.refuse = nil
		return refusal
	}
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	d.box.mails = append(d.box.mails, message)
	// Long lines are broken in transfer; that is not what is tested.
	d.box.texts = append(d.box.texts, strings.NewReplacer("=\r\n", "", "=3D", "=", "\r\n", "\n").Replace(string(raw)))
	return nil
}

// Taken returns what has arrived since the last call.
func (b *PostOffice) Taken() ([]*mail.Message, []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	mails, texts := b.mails, b.texts
	b.mails, b.texts = nil, nil
	return mails, texts
}
