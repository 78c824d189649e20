package hooks

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"
	"github.com/pocketbase/pocketbase/tools/subscriptions"

	"github.com/lancershub/lancershub/services"
)

// bindLive serves the instance's event streams by services.Live. To the SDK
// nothing changes: the same two requests, the same event names.
func bindLive(i *services.Instance) {
	i.App.OnRealtimeConnectRequest().BindFunc(func(e *core.RealtimeConnectRequestEvent) error {
		// No e.Next(): that would register the connection with PocketBase's broker,
		// which walks all of its connections on every write.
		return i.Live.Connect(e.RealIP()).Serve(e.Response)
	})
	onServe(i, func(e *core.ServeEvent) {
		e.Router.Bind(&hook.Handler[*core.RequestEvent]{
			Id: "lancershubSubscribe",
			Func: func(e *core.RequestEvent) error {
				if e.Request.Method != http.MethodPost || e.Request.URL.Path != "/api/realtime" {
					return e.Next()
				}
				return subscribe(i, e)
			},
		})
	})
}

// Bounds of a subscription request, PocketBase's own.
const (
	maxTopics      = 1000
	maxTopicLength = 2500
	// maxShaped is how many subscriptions may have options of their own. Each costs
	// whoever writes a rendering and questions to the database, while others wait.
	maxShaped = 32
)

// subscribe is POST /api/realtime: {clientId, subscriptions}. Topics that are
// not delivered by audience (and everything a superuser listens to) go to
// PocketBase's broker, which checks the rules of each record for them.
func subscribe(i *services.Instance, e *core.RequestEvent) error {
	var body struct {
		ClientID      string   `json:"clientId" form:"clientId"`
		Subscriptions []string `json:"subscriptions" form:"subscriptions"`
	}
	if err := e.BindBody(&body); err != nil || len(body.Subscriptions) > maxTopics ||
		slices.ContainsFunc(body.Subscriptions, func(topic string) bool { return len(topic) > maxTopicLength }) {
		return services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "The subscriptions cannot be read.")
	}
	conn := i.Live.Connection(body.ClientID)
	if conn == nil || conn.IP() != e.RealIP() {
		return services.Failf(http.StatusNotFound, services.CodeNotFound, "There is no connection with this client id.")
	}
	user, session := "", ""
	if e.Auth != nil {
		user = e.Auth.Id
	}
	if claims := claimsOf(e); claims != nil {
		session = claims.SessionID
	}
	if before := conn.User(); before != "" && before != user {
		return services.Failf(http.StatusForbidden, services.CodeForbidden, "The connection belongs to somebody else.")
	}
	ours, stock, err := sortTopics(e, body.Subscriptions)
	if err != nil {
		return err
	}
	conn.Subscribe(session, user, ours)
	relayStock(i, e, conn, session, stock)
	// Suspended or signed out while this request ran: the drop may have missed it.
	if claims := claimsOf(e); claims != nil {
		if _, err := i.Authenticate(claims); err != nil {
			conn.Close()
			return err
		}
	}
	return e.NoContent(http.StatusNoContent)
}

// sortTopics tells what is delivered by audience from what PocketBase delivers.
func sortTopics(e *core.RequestEvent, topics []string) (ours, stock []string, err error) {
	shaped := 0
	for _, topic := range topics {
		if !services.IsLiveTopic(topic) || e.HasSuperuserAuth() {
			stock = append(stock, topic)
			continue
		}
		if ours = append(ours, topic); strings.Contains(topic, "?") {
			shaped++
		}
	}
	if shaped > maxShaped {
		return nil, nil, services.Failf(http.StatusBadRequest, services.CodeInvalidInput, "At most %d subscriptions of a connection can have options.", maxShaped)
	}
	return ours, stock, nil
}

// relayStock lets PocketBase's broker write to a connection of ours.
func relayStock(i *services.Instance, e *core.RequestEvent, conn *services.Connection, session string, topics []string) {
	broker := i.App.SubscriptionsBroker()
	id := "stock:" + conn.ID()
	if before, err := broker.ClientById(id); err == nil {
		before.Unsubscribe()
		before.Set(apis.RealtimeClientAuthKey, e.Auth)
		before.Subscribe(topics...)
		return
	}
	if len(topics) == 0 {
		return
	}
	client := &stockClient{DefaultClient: subscriptions.NewDefaultClient(), id: id, conn: conn}
	client.Set(apis.RealtimeClientAuthKey, e.Auth)
	client.Set(services.RealtimeSession, session)
	client.Subscribe(topics...)
	broker.Register(client)
	conn.OnClose(func() { broker.Unregister(id) })
}

// stockClient is a connection of ours as PocketBase's broker sees it.
type stockClient struct {
	*subscriptions.DefaultClient
	id   string
	conn *services.Connection
}

// Id names the client within the broker.
//
//nolint:revive // the name is PocketBase's
func (c *stockClient) Id() string { return c.id }

// Send queues a message in order with everything else.
func (c *stockClient) Send(m subscriptions.Message) { c.conn.SendEvent(m.Name, m.Data) }

// Discard ends the connection with the client.
func (c *stockClient) Discard() {
	c.DefaultClient.Discard()
	c.conn.Close()
}
