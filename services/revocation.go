package services

import (
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/subscriptions"

	"github.com/lancershub/lancershub/collections"
)

// RealtimeSession is the key under which a realtime client keeps the session it
// was authenticated by.
const RealtimeSession = "lancershubSession"

// HandleUsers makes a peer follow what users decides: profiles, suspensions, ended sessions.
func (i *Instance) HandleUsers() {
	i.Handle(TopicUserChanged, func(tx core.App, event Event) error {
		user, err := decode[UserSnapshot](event)
		if err != nil {
			return err
		}
		before, _ := tx.FindRecordById(collections.Users, user.ID)
		if _, err := SaveMirror(tx, user); err != nil {
			return err
		}
		left := user.Status == collections.UserStatusClosed && (before == nil || before.GetString(collections.FieldStatus) != collections.UserStatusClosed)
		if left && i.closed != nil {
			if err := i.closed(tx, user.ID); err != nil {
				return err
			}
		}
		ended := user.Status != collections.UserStatusActive || (before != nil && before.GetInt(collections.UserVer) < user.Ver)
		if ended {
			afterCommit(tx, func() { i.DropClients(func(_, id string) bool { return id == user.ID }) })
		}
		return nil
	})
	i.Handle(TopicSessionRevoked, func(tx core.App, event Event) error {
		news, err := decode[SessionRevoked](event)
		if err != nil {
			return err
		}
		afterCommit(tx, func() { i.DropClients(func(sid, _ string) bool { return sid == news.Session }) })
		return i.Revoked.add(tx, news.Session, news.Expires)
	})
}

// DropClients ends the realtime connections for which ended says so, given the
// session and user each belongs to.
func (i *Instance) DropClients(ended func(session, user string) bool) {
	if i.Live != nil {
		i.Live.Drop(ended)
	}
	broker := i.App.SubscriptionsBroker()
	for _, client := range broker.Clients() {
		session, user := clientIdentity(client)
		if (session != "" || user != "") && ended(session, user) {
			broker.Unregister(client.Id()) // closes the channel, and with it the connection
		}
	}
}

func clientIdentity(client subscriptions.Client) (session, user string) {
	session, _ = client.Get(RealtimeSession).(string)
	if auth, ok := client.Get(apis.RealtimeClientAuthKey).(*core.Record); ok && auth != nil {
		user = auth.Id
	}
	return session, user
}

// afterCommit runs fn once the transaction of tx is committed.
func afterCommit(tx core.App, fn func()) {
	info := tx.TxInfo()
	if info == nil {
		fn()
		return
	}
	info.OnComplete(func(err error) error {
		if err == nil {
			fn()
		}
		return nil
	})
}
