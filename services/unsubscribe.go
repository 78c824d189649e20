package services

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// UnsubscribePath is where mails are ended: GET asks, POST does it (RFC 8058).
const UnsubscribePath = "/api/notifications/unsubscribe"

// unsubscribeURL ends mails about these kinds ("digest": the digest) for user. It
// works without signing in and does not expire, as mails do not either.
func (s ChatsService) unsubscribeURL(user string, kinds []string) string {
	return s.Options.PublicURL + Prefix(collections.DomainMessages) + UnsubscribePath + "?token=" + url.QueryEscape(s.unsubscribeToken(user, kinds))
}

func (s ChatsService) unsubscribeToken(user string, kinds []string) string {
	content := user + ":" + strings.Join(kinds, ",")
	return base64.RawURLEncoding.EncodeToString([]byte(content)) + "." + base64.RawURLEncoding.EncodeToString(s.unsubscribeMAC(content))
}

func (s ChatsService) unsubscribeMAC(content string) []byte {
	mac := hmac.New(sha256.New, s.mailKey)
	mac.Write([]byte("unsubscribe:" + content))
	return mac.Sum(nil)
}

// openMailKey reads the key that signs the links in mails, or makes it.
func openMailKey(dir string) ([]byte, error) {
	key, err := settingsKey(filepath.Join(dir, "mail.key"))
	return []byte(key), err
}

// Unsubscribing says whose mails about what a token ends.
type Unsubscribing struct {
	User  string
	Kinds []string
}

// unsubscribeWords are those of the page that stops mails, in one language.
type unsubscribeWords struct {
	title, ask, done, failed, about, inApp, digest, quote, incomplete string
}

// UnsubscribePage is what the page shows: a question with a button, or what became of it.
type UnsubscribePage struct {
	Language, Dir, Site, Title, Text string
	// Stop is on the button, "" when there is nothing left to ask.
	Stop string
	// All is on a link to Settings, "" for none.
	All, Settings string
}

// AskUnsubscribe is the page that asks, in the language of whose mails they are.
func (s ChatsService) AskUnsubscribe(u Unsubscribing) (UnsubscribePage, error) {
	language, page, err := s.unsubscribePage(u)
	page.Title, page.Text, page.Stop = language.page.ask, u.about(language)+" "+language.page.inApp, language.stop
	return page, err
}

// DoneUnsubscribe is the page that says that it is done.
func (s ChatsService) DoneUnsubscribe(u Unsubscribing) (UnsubscribePage, error) {
	language, page, err := s.unsubscribePage(u)
	page.Title, page.Text, page.All, page.Settings = language.page.done, u.about(language), language.settings, s.Options.PublicURL+settingsPath
	return page, err
}

func (s ChatsService) unsubscribePage(u Unsubscribing) (mailLanguage, UnsubscribePage, error) {
	w, err := s.wishesOf(s.App, u.User)
	language := w.language()
	return language, UnsubscribePage{Language: language.code, Dir: language.dir, Site: language.page.title}, err
}

// RefusedUnsubscribe is the page for a link that names nobody, in the language the browser asks for.
func RefusedUnsubscribe(accept string) UnsubscribePage {
	language := englishMails
	for code := range acceptedLanguages(accept) {
		if wanted, ok := mailTexts[code]; ok {
			language = wanted
			break
		}
	}
	return UnsubscribePage{Language: language.code, Dir: language.dir, Site: language.page.title, Title: language.page.failed, Text: language.page.incomplete}
}

// about says which mails will come no more.
func (u Unsubscribing) about(language mailLanguage) string {
	names := []string{}
	for _, kind := range u.Kinds {
		if kind == ChannelDigest {
			names = append(names, language.page.digest)
			continue
		}
		title, _ := language.notice(kind, map[string]any{"title": "…", "hint": "", "label": "…"}, 1)
		name, _, _ := strings.Cut(title, ":")
		names = append(names, fmt.Sprintf(language.page.quote, name))
	}
	return fmt.Sprintf(language.page.about, strings.Join(names, language.comma))
}

// ReadUnsubscribe checks a token.
func (s ChatsService) ReadUnsubscribe(token string) (Unsubscribing, error) {
	invalid := badRequest(CodeTokenInvalid, "%s", englishMails.page.incomplete)
	encoded, signature, _ := strings.Cut(token, ".")
	content, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return Unsubscribing{}, invalid
	}
	mac, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(mac, s.unsubscribeMAC(string(content))) {
		return Unsubscribing{}, invalid
	}
	user, kinds, _ := strings.Cut(string(content), ":")
	return Unsubscribing{User: user, Kinds: strings.Split(kinds, ",")}, nil
}

// Unsubscribe ends the mails a token names; in the app they are still told.
func (s ChatsService) Unsubscribe(token string) (Unsubscribing, error) {
	u, err := s.ReadUnsubscribe(token)
	if err != nil {
		return u, err
	}
	return u, s.App.RunInTransaction(func(tx core.App) error {
		w, err := s.wishesOf(tx, u.User)
		if err != nil {
			return err
		}
		change := PreferenceChange{Channels: map[string]string{}}
		for kind, k := range noticeKinds {
			channel := w.channel(kind)
			mailed := channel == ChannelEmail && slices.Contains(u.Kinds, kind) || channel == ChannelDigest && slices.Contains(u.Kinds, ChannelDigest)
			if mailed && !k.required {
				change.Channels[kind] = ChannelApp
			}
		}
		if len(change.Channels) == 0 {
			return nil // done before
		}
		return s.prefer(tx, u.User, change)
	})
}
