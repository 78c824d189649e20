package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/mailer"

	"github.com/lancershub/lancershub/collections"
)

const (
	// mailTooLate is when a mail is old news.
	mailTooLate = 24 * time.Hour
	// mailPatience is how long handing over a mail may take. A mail that is still
	// "sending" after that belongs to a process that died, and is sent again.
	mailPatience = 5 * time.Minute
	mailKeep     = 30 * 24 * time.Hour
)

// mailAgain paces tries to hand over a mail.
var mailAgain = pace{10 * time.Second, time.Hour}

// HandleMails queues the mails that messages writes. A mail arrives exactly once
// (the inbox), and is then sent by SendMails.
func (s UsersService) HandleMails() {
	s.Handle(TopicMail, func(tx core.App, event Event) error {
		news, err := decode[MailNews](event)
		if err != nil {
			return err
		}
		news.Operator = false // only an alert goes to a superuser
		return queueMail(tx, news, s.Clock.Now().UnixMilli())
	})
}

// queueMail stores a mail that SendMails sends.
func queueMail(tx core.App, news MailNews, at int64) error {
	payload, err := json.Marshal(news)
	if err != nil {
		return err
	}
	_, err = tx.DB().Insert("mails", dbx.Params{
		"id": news.ID, "recipient": news.User, "kind": news.Kind, "payload": string(payload), "created": at,
	}).Execute()
	return err
}

type mailRow struct {
	ID      string `db:"id"`
	Payload string `db:"payload"`
	Tries   int    `db:"tries"`
}

// SendMails hands due mails to the mail server. Each is marked as being sent
// first: a crash between the mail server's yes and the second mark costs one
// duplicate, and nothing else does.
func (s UsersService) SendMails(ctx context.Context) error {
	var rows []mailRow
	// The + keeps SQLite from walking all mails in order of their creation; the few that are due have an index.
	err := s.App.ConcurrentDB().NewQuery(`SELECT id, payload, tries FROM mails WHERE state IN ('ready', 'sending') AND next_at <= {:now} ORDER BY +created LIMIT {:limit}`).
		Bind(dbx.Params{"now": s.Clock.Now().UnixMilli(), "limit": mailBatch}).WithContext(ctx).All(&rows)
	if err != nil {
		return err
	}
	var errs []error
	for _, row := range rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		errs = append(errs, s.sendMail(row))
	}
	return errors.Join(errs...)
}

func (s UsersService) sendMail(row mailRow) error {
	var news MailNews
	if err := json.Unmarshal([]byte(row.Payload), &news); err != nil {
		return s.markMail(row, "dropped", 0, "it cannot be read")
	}
	now := s.Clock.Now()
	to, whyNot, err := s.addressOf(news)
	if err != nil {
		return fmt.Errorf("failed to find whom mail %s is for: %w", row.ID, err) // it stays due
	}
	if whyNot == "" && now.UnixMilli() > news.Until {
		whyNot = "it is too late"
	}
	if whyNot != "" {
		return s.markMail(row, "dropped", 0, whyNot)
	}
	claimed, err := s.App.NonconcurrentDB().NewQuery(`UPDATE mails SET state = 'sending', tries = tries + 1, next_at = {:until}
		WHERE id = {:id} AND state IN ('ready', 'sending') AND next_at <= {:now}`).
		Bind(dbx.Params{"until": now.Add(mailPatience).UnixMilli(), "id": row.ID, "now": now.UnixMilli()}).Execute()
	if err != nil {
		return err
	}
	if rows, err := claimed.RowsAffected(); err != nil || rows == 0 {
		return err
	}
	row.Tries++
	failpoint("mail-marked")
	err = s.handOver(news, to)
	failpoint("mail-handed-over")
	if err == nil {
		return s.markMail(row, "sent", 0, "")
	}
	if refused(err) {
		return s.markMail(row, "dropped", 0, err.Error())
	}
	return errors.Join(err, s.markMail(row, "ready", now.Add(mailAgain.after(row.Tries)).UnixMilli(), err.Error()))
}

// markMail notes what became of a mail. What was in it is forgotten once it is over.
func (s UsersService) markMail(row mailRow, state string, next int64, why string) error {
	change := dbx.Params{"state": state, "next_at": next, "last_error": truncate(why, 300)}
	if state != "ready" {
		change["payload"] = ""
	}
	_, err := s.App.NonconcurrentDB().Update("mails", change, dbx.HashExp{"id": row.ID}).Execute()
	return err
}

// addressOf returns whom a mail goes to, or why it does not go out. An address
// nobody has verified may be a stranger's.
func (s UsersService) addressOf(news MailNews) (to mail.Address, whyNot string, err error) {
	if !s.App.Settings().SMTP.Enabled {
		return to, "no mail server is configured", nil
	}
	if news.Operator {
		superuser, err := ownRecord(s.App, core.CollectionNameSuperusers, news.User)
		if err != nil || superuser == nil {
			return to, "there is no such superuser", err
		}
		return mail.Address{Address: superuser.Email()}, "", nil
	}
	user, err := ownRecord(s.App, collections.Users, news.User)
	switch {
	case err != nil || user == nil:
		return to, "there is no such user", err
	case user.GetString(collections.FieldStatus) != collections.UserStatusActive:
		return to, "the account is not active", nil
	case !user.Verified():
		return to, "the address is not verified", nil
	}
	return mail.Address{Name: oneLine(user.GetString(collections.UserName)), Address: user.Email()}, "", nil
}

// handOver gives a mail to the mail server. Its Message-ID names the mail and its
// References the chat it is about, so that an answer by mail can be told to which
// message it answers.
func (s UsersService) handOver(news MailNews, to mail.Address) error {
	meta := s.App.Settings().Meta
	host := "localhost"
	if base, err := url.Parse(s.Options.PublicURL); err == nil && base.Hostname() != "" {
		host = base.Hostname()
	}
	headers := map[string]string{
		"Message-ID":     "<mail." + news.ID + "@" + host + ">",
		"Auto-Submitted": "auto-generated",
	}
	if news.Thread != "" {
		headers["References"] = "<" + news.Thread + "@" + host + ">"
	}
	if news.Unsubscribe != "" {
		headers["List-Unsubscribe"] = "<" + news.Unsubscribe + ">"
		headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
	}
	event := new(core.MailerEvent)
	event.App = s.App
	event.Mailer = s.App.NewMailClient()
	event.Message = &mailer.Message{
		From: mail.Address{Name: meta.SenderName, Address: meta.SenderAddress}, To: []mail.Address{to},
		Subject: news.Subject, HTML: news.HTML, Text: news.Text, Headers: headers,
	}
	return s.App.OnMailerSend().Trigger(event, func(e *core.MailerEvent) error { return e.Mailer.Send(e.Message) })
}

// refused tells a mail server's final no from a failure that may pass.
func refused(err error) bool {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answer.Code >= 500
	}
	var network net.Error
	return !errors.As(err, &network) && strings.HasPrefix(err.Error(), "550 ")
}

// PruneMails forgets mails that are over.
func (s UsersService) PruneMails() error {
	_, err := s.App.NonconcurrentDB().Delete("mails", dbx.NewExp("state IN ('sent', 'dropped') AND created < {:before}",
		dbx.Params{"before": s.Clock.Now().Add(-mailKeep).UnixMilli()})).Execute()
	if err != nil {
		return fmt.Errorf("failed to prune mails: %w", err)
	}
	return nil
}
