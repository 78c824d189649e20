package services

import (
	"database/sql"
	"errors"
	"slices"
	"sort"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// Channels by which people hear of a kind of thing. Each includes the one before it.
const (
	ChannelOff    = "off"
	ChannelApp    = "app"
	ChannelDigest = "digest"
	ChannelEmail  = "email"
)

var channels = []string{ChannelOff, ChannelApp, ChannelDigest, ChannelEmail}

// everyKind is the key of the choice for all kinds that have none of their own.
const everyKind = "*"

// defaultDigestAt is a person's morning.
const defaultDigestAt = "08:00"

// Preferences are how one person wants to hear of things. A key of Channels is a
// kind, a category or "*"; the most particular one counts. Times are "15:04" of
// the person's own day; between QuietFrom and QuietTo no mail is sent.
type Preferences struct {
	Channels  map[string]string `json:"channels"`
	QuietFrom string            `json:"quietFrom"`
	QuietTo   string            `json:"quietTo"`
	DigestAt  string            `json:"digestAt"`
	// Language is that of these mails, "" for that of the account.
	Language string `json:"language"`
}

// wishes are preferences with what they are read by.
type wishes struct {
	Preferences
	zone  *time.Location
	after time.Duration
	// own is the language of the account.
	own string
}

func (s ChatsService) wishesOf(app core.App, user string) (wishes, error) {
	w := wishes{zone: time.UTC, after: s.Options.MailAfter}
	record, err := preferencesOf(app, user)
	if err != nil {
		return w, err
	}
	if record != nil {
		w.Preferences = readPreferences(record)
	}
	mirror, err := app.FindRecordById(collections.Users, user)
	if errors.Is(err, sql.ErrNoRows) {
		return w, nil // the person's mirror may not have arrived yet
	}
	if err != nil {
		return w, err
	}
	w.zone = location(mirror.GetString(collections.UserTimezone))
	w.own = mirror.GetString(collections.UserLanguage)
	return w, nil
}

func preferencesOf(app core.App, user string) (*core.Record, error) {
	record, err := app.FindFirstRecordByData(collections.Preferences, collections.FieldUser, user)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return record, err
}

func readPreferences(record *core.Record) Preferences {
	p := Preferences{
		QuietFrom: record.GetString(collections.PreferenceQuietFrom), QuietTo: record.GetString(collections.PreferenceQuietTo),
		DigestAt: record.GetString(collections.PreferenceDigestAt), Language: record.GetString(collections.PreferenceLanguage),
	}
	_ = record.UnmarshalJSONField(collections.PreferenceChannels, &p.Channels) // only Prefer writes it
	return p
}

// channel is how the person hears of a kind.
func (w wishes) channel(kind string) string {
	k := noticeKinds[kind]
	if k.required {
		return ChannelEmail
	}
	for _, key := range []string{kind, k.category, everyKind} {
		if chosen, ok := w.Channels[key]; ok {
			return chosen
		}
	}
	return k.channel
}

// mailAt is when a mail about something that happened now is due, in Unix
// milliseconds; 0 when none is.
func (w wishes) mailAt(kind string, now time.Time) int64 {
	switch w.channel(kind) {
	case ChannelDigest:
		return nextTime(now.In(w.zone), w.digestAt()).UnixMilli()
	case ChannelEmail:
		if noticeKinds[kind].required {
			return now.UnixMilli() // it protects the account: at once, and at night too
		}
		return w.audible(now.Add(w.after)).UnixMilli()
	}
	return 0
}

func (w wishes) digestAt() string {
	if w.DigestAt == "" {
		return defaultDigestAt
	}
	return w.DigestAt
}

// audible is the first moment from t on that is not in the quiet hours.
func (w wishes) audible(t time.Time) time.Time {
	if w.QuietFrom == "" || w.QuietTo == "" || w.QuietFrom == w.QuietTo {
		return t
	}
	local := t.In(w.zone)
	clock := local.Format(clockForm)
	quiet := clock >= w.QuietFrom && clock < w.QuietTo
	if w.QuietFrom > w.QuietTo { // over midnight
		quiet = clock >= w.QuietFrom || clock < w.QuietTo
	}
	if !quiet {
		return t
	}
	// In the night in which the clocks are set back, an hour (on Lord Howe half of one) is
	// there twice: the end of the quiet hours is the next of the two.
	if end, err := time.Parse(clockForm, w.QuietTo); err == nil {
		for _, again := range []time.Duration{-time.Hour, -30 * time.Minute, 0, 30 * time.Minute, time.Hour} {
			at := time.Date(local.Year(), local.Month(), local.Day(), end.Hour(), end.Minute(), 0, 0, w.zone).Add(again)
			if at.After(local) && at.Format(clockForm) == w.QuietTo {
				return at
			}
		}
	}
	return nextTime(local, w.QuietTo)
}

const clockForm = "15:04"

// nextTime is when the clock shows "15:04" next after local, in local's zone. A
// time that a change of the clocks leaves out is taken an hour later.
func nextTime(local time.Time, clock string) time.Time {
	at, err := time.Parse(clockForm, clock)
	if err != nil {
		return local // only Prefer writes it
	}
	next := time.Date(local.Year(), local.Month(), local.Day(), at.Hour(), at.Minute(), 0, 0, local.Location())
	if !next.After(local) {
		next = time.Date(local.Year(), local.Month(), local.Day()+1, at.Hour(), at.Minute(), 0, 0, local.Location())
	}
	return next
}

// KindSetting is one kind as a settings page shows it.
type KindSetting struct {
	Kind     string `json:"kind"`
	Category string `json:"category"`
	Channel  string `json:"channel"`
	// Usual is the channel of those who have chosen none; a Required one cannot be changed.
	Usual    string `json:"usual"`
	Required bool   `json:"required"`
}

// NotificationSettings is everything a settings page needs.
type NotificationSettings struct {
	Preferences
	Timezone string        `json:"timezone"`
	Kinds    []KindSetting `json:"kinds"`
}

// Settings returns a person's choices and what follows from them for every kind.
func (s ChatsService) Settings(app core.App, user string) (NotificationSettings, error) {
	w, err := s.wishesOf(app, user)
	settings := NotificationSettings{Preferences: w.Preferences, Timezone: w.zone.String()}
	settings.DigestAt = w.digestAt()
	if settings.Channels == nil {
		settings.Channels = map[string]string{}
	}
	for kind, k := range noticeKinds {
		settings.Kinds = append(settings.Kinds, KindSetting{Kind: kind, Category: k.category, Channel: w.channel(kind), Usual: k.channel, Required: k.required})
	}
	sort.Slice(settings.Kinds, func(a, b int) bool {
		if settings.Kinds[a].Category != settings.Kinds[b].Category {
			return settings.Kinds[a].Category < settings.Kinds[b].Category
		}
		return settings.Kinds[a].Kind < settings.Kinds[b].Kind
	})
	return settings, err
}

// PreferenceChange says what to change; nil leaves a thing as it is, and a
// channel of "" takes a choice back.
type PreferenceChange struct {
	Channels                     map[string]string `json:"channels"`
	QuietFrom, QuietTo, DigestAt *string
	Language                     *string
}

// Prefer changes how a person hears of things.
func (s ChatsService) Prefer(cmd Command, change PreferenceChange) (Answer, error) {
	if err := change.check(); err != nil {
		return Answer{}, err
	}
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		if err := s.prefer(tx, cmd.Principal, change); err != nil {
			return nil, err
		}
		return s.Settings(tx, cmd.Principal)
	})
}

func (c PreferenceChange) check() error {
	for key, channel := range c.Channels {
		known := key == everyKind
		for kind, k := range noticeKinds {
			known = known || key == kind || key == k.category
		}
		if !known {
			return badRequest(CodeInvalidInput, "There is no kind or category of notifications %q.", key).With("field", "channels")
		}
		if channel != "" && !slices.Contains(channels, channel) {
			return badRequest(CodeInvalidInput, "A channel is one of off, app, digest and email.").With("field", "channels")
		}
		if k := noticeKinds[key]; k.required && channel != "" && channel != ChannelEmail {
			return badRequest(CodeInvalidInput, "%s protects your account and is always told by mail.", key).With("field", "channels")
		}
	}
	if c.Language != nil && *c.Language != "" && !slices.Contains(mailLanguages(), *c.Language) {
		return badRequest(CodeInvalidInput, "Mails are written in %s.", MailLanguages()).With("field", collections.PreferenceLanguage)
	}
	for field, clock := range map[string]*string{
		collections.PreferenceQuietFrom: c.QuietFrom, collections.PreferenceQuietTo: c.QuietTo, collections.PreferenceDigestAt: c.DigestAt,
	} {
		if clock == nil || *clock == "" {
			continue
		}
		if at, err := time.Parse(clockForm, *clock); err != nil || at.Format(clockForm) != *clock {
			return badRequest(CodeInvalidInput, "%s is a time of day such as 22:00.", field).With("field", field)
		}
	}
	return nil
}

// prefer stores a change that was checked.
func (s ChatsService) prefer(tx core.App, user string, change PreferenceChange) error {
	record, err := preferencesOf(tx, user)
	if err != nil {
		return err
	}
	if record == nil {
		col, err := tx.FindCachedCollectionByNameOrId(collections.Preferences)
		if err != nil {
			return err
		}
		record = core.NewRecord(col)
		record.Set(collections.FieldUser, user)
	}
	chosen := readPreferences(record).Channels
	if chosen == nil {
		chosen = map[string]string{}
	}
	for key, channel := range change.Channels {
		if chosen[key] = channel; channel == "" {
			delete(chosen, key)
		}
	}
	record.Set(collections.PreferenceChannels, chosen)
	for field, chosen := range map[string]*string{
		collections.PreferenceQuietFrom: change.QuietFrom, collections.PreferenceQuietTo: change.QuietTo, collections.PreferenceDigestAt: change.DigestAt,
		collections.PreferenceLanguage: change.Language,
	} {
		if chosen != nil {
			record.Set(field, *chosen)
		}
	}
	return tx.SaveNoValidate(record)
}

// ReadNotifications marks all of a person's notifications as read.
func (s ChatsService) ReadNotifications(cmd Command) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		unread := []*core.Record{}
		err := tx.RecordQuery(collections.Notifications).AndWhere(dbx.NewExp("[[user]] = {:user} AND readAt = ''", dbx.Params{"user": cmd.Principal})).All(&unread)
		if err != nil {
			return nil, err
		}
		for _, record := range unread {
			record.Set(collections.NotificationReadAt, s.Clock.Now())
			if err := tx.SaveNoValidate(record); err != nil {
				return nil, err
			}
		}
		return map[string]int{"read": len(unread)}, nil
	})
}
