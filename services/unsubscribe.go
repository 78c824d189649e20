package services

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
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

// About names what it is about for people.
func (u Unsubscribing) About() string {
	if slices.Contains(u.Kinds, ChannelDigest) {
		return "the daily digest"
	}
	names := []string{}
	for _, kind := range u.Kinds {
		name, _, _ := strings.Cut(fill(noticeKinds[kind].title, map[string]any{"title": "…", "hint": "", "label": "…"}, 1), ":")
		names = append(names, "“"+name+"”")
	}
	return strings.Join(names, ", ")
}

// ReadUnsubscribe checks a token.
func (s ChatsService) ReadUnsubscribe(token string) (Unsubscribing, error) {
	invalid := badRequest(CodeTokenInvalid, "This link is not complete. Copy all of it from the mail, or change your settings in the app.")
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
