package services

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode"
)

// mailPage is a mail as HTML: simple enough for every mail program, and readable
// without pictures, of which there are none (a picture would tell who reads when).
var mailPage = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="{{.Language}}" dir="{{.Dir}}"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#1c1c1c;background:#fff"><div lang="{{.Language}}" dir="{{.Dir}}">
{{range .Items}}<p style="margin:0 0 20px"><a href="{{.Link}}" style="color:#0b57d0;font-weight:bold">{{.Title}}</a>{{if .Body}}<br>{{.Body}}{{end}}</p>
{{end}}<p style="margin:32px 0 0;border-top:1px solid #ccc;padding-top:12px;font-size:13px;color:#555">{{.Why}}
{{if .Unsubscribe}}<br><a href="{{.Unsubscribe}}" style="color:#555">{{.Stop}}</a> · {{end}}<a href="{{.Settings}}" style="color:#555">{{.All}}</a></p>
</div></body></html>
`))

// mailLine is one item of a mail with a link that works outside.
type mailLine struct{ Title, Body, Link string }

// writeMail turns items into a mail that says why it came and how to stop it.
func (s ChatsService) writeMail(user, channel string, language mailLanguage, items []mailItem) (MailNews, error) {
	mail := MailNews{
		ID: randomToken(20), User: user, Kind: channel, Subject: items[0].title,
		Until: s.Clock.Now().Add(mailTooLate).UnixMilli(),
	}
	if len(items) == 1 {
		mail.Kind, mail.Thread = items[0].kind, items[0].thread
	}
	switch {
	case channel == ChannelDigest:
		mail.Subject = language.day(len(items))
	case len(items) > 1:
		mail.Subject = language.more(items[0].title, len(items)-1)
	}
	mail.Subject = oneLine(mail.Subject)
	optional := []string{}
	for _, item := range items {
		if !noticeKinds[item.kind].required && !slices.Contains(optional, item.kind) {
			optional = append(optional, item.kind)
		}
	}
	if channel == ChannelDigest {
		optional = []string{ChannelDigest}
	}
	if len(optional) > 0 {
		mail.Unsubscribe = s.unsubscribeURL(user, optional)
	}
	page := struct {
		Subject, Why, Unsubscribe, Settings string
		Language, Dir, Stop, All            string
		Items                               []mailLine
	}{
		Subject: mail.Subject, Why: whyMail(channel, language, items), Unsubscribe: mail.Unsubscribe, Settings: s.Options.PublicURL + settingsPath,
		Language: language.code, Dir: language.dir, Stop: language.stop, All: language.settings,
	}
	var text strings.Builder
	for _, item := range items {
		line := mailLine{oneLine(item.title), item.body, s.Options.PublicURL + item.link}
		page.Items = append(page.Items, line)
		fmt.Fprintf(&text, "%s\n", line.Title)
		if line.Body != "" {
			fmt.Fprintf(&text, "%s\n", line.Body)
		}
		fmt.Fprintf(&text, "%s\n\n", line.Link)
	}
	fmt.Fprintf(&text, "--\n%s\n", page.Why)
	if mail.Unsubscribe != "" {
		fmt.Fprintf(&text, "%s: %s\n", page.Stop, mail.Unsubscribe)
	}
	fmt.Fprintf(&text, "%s: %s\n", page.All, page.Settings)
	mail.Text = text.String()
	var html bytes.Buffer
	if err := mailPage.Execute(&html, page); err != nil {
		return mail, fmt.Errorf("failed to write a mail: %w", err)
	}
	mail.HTML = html.String()
	return mail, nil
}

// settingsPath is where the web app lets people choose.
const settingsPath = "/account/notifications"

// whyMail says why a mail came.
func whyMail(channel string, language mailLanguage, items []mailItem) string {
	if channel == ChannelDigest {
		return language.whyDigest
	}
	if noticeKinds[items[0].kind].required && len(items) == 1 {
		return language.whyRequired
	}
	categories := []string{}
	for _, item := range items {
		if category := language.category(noticeKinds[item.kind].category); !slices.Contains(categories, category) {
			categories = append(categories, category)
		}
	}
	return language.why(strings.Join(categories, language.comma))
}

func things(count int) string {
	if count == 1 {
		return "1 thing"
	}
	return fmt.Sprintf("%d things", count)
}

// oneLine keeps what somebody typed from becoming a header of its own.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text))
}
