package services

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/picker"
	"github.com/pocketbase/pocketbase/tools/search"
	"github.com/pocketbase/pocketbase/tools/types"

	"github.com/lancershub/lancershub/collections"
)

// liveCollections are delivered by audience. Everything else a client subscribes
// to is left to PocketBase's broker.
var liveCollections = []string{
	collections.Messages, collections.Members, collections.Chats, collections.Notifications, collections.Blocks, collections.Preferences,
}

// Topics of what is not a record.
const (
	TopicPresence = "presence"
	TopicUnread   = "unread"
)

// IsLiveTopic tells whether we deliver a topic ourselves.
func IsLiveTopic(name string) bool {
	topic, _ := parseTopic(name)
	collection, _, _ := strings.Cut(topic, "/")
	return topic == TopicPresence || topic == TopicUnread || slices.Contains(liveCollections, collection)
}

func typingTopic(chat string) string { return collections.Chats + "/" + chat + "/typing" }

// recordNews is the event the SDK expects of a record that was created, updated
// or deleted, as the subscriber may see it. The record is copied: what happens
// to it later is other news.
func recordNews(app core.App, action string, record *core.Record, to ...string) News {
	// What only its own user sees is in the news that go to nobody else.
	fresh := func(from *core.Record) *core.Record {
		if len(to) == 1 {
			return ShowOwn(from.Fresh(), to[0])
		}
		return from.Fresh()
	}
	snapshot := fresh(record)
	nameFiles(app, snapshot)
	name := record.Collection().Name
	return News{
		To:     to,
		Topics: []string{name + "/*", name + "/" + record.Id, name},
		Render: func(user string, options TopicOptions) []byte {
			var shown any = snapshot
			if options.raw != "" {
				if shown = withOptions(app, fresh(snapshot), user, options, action == "delete"); shown == nil {
					return nil
				}
			}
			raw, err := json.Marshal(shown)
			if err != nil {
				app.Logger().Error("failed to render news", "record", name+"/"+record.Id, "error", err)
				return nil
			}
			// Put together by hand: a record in something else would be read once more as it is written.
			return slices.Concat([]byte(`{"action":"`+action+`","record":`), raw, []byte(`}`))
		},
	}
}

// ShowOwn lets record show what only its own user sees, if that is user.
func ShowOwn(record *core.Record, user string) *core.Record {
	if user != "" && record.GetString(collections.FieldUser) == user {
		record.Unhide(collections.OwnEyes[record.Collection().Name]...)
	}
	return record
}

// nameFiles puts the names of files in the place of files that are just being
// stored with a record: people hear of it as it will be read.
func nameFiles(app core.App, record *core.Record) {
	for _, field := range record.Collection().Fields {
		file, ok := field.(*core.FileField)
		if !ok {
			continue
		}
		value, err := file.DriverValue(record)
		if err != nil {
			app.Logger().Error("failed to name the files of news", "field", file.Name, "error", err)
			continue
		}
		if names, several := value.(types.JSONArray[string]); several {
			value = []string(names) // as the field itself holds names
		}
		record.SetRaw(file.Name, value)
	}
}

// withOptions applies a subscription's filter, expand and fields as its user.
// It returns nil when the filter does not match.
func withOptions(app core.App, record *core.Record, user string, options TopicOptions, deleted bool) any {
	auth, err := app.FindRecordById(collections.Users, user)
	if err != nil {
		return nil
	}
	info := &core.RequestInfo{Context: core.RequestInfoContextRealtime, Method: "GET", Auth: auth}
	if options.Filter != "" && !deleted && !matches(app, record, info, options.Filter) {
		return nil
	}
	if options.Expand != "" {
		app.ExpandRecord(record, strings.Split(options.Expand, ","), func(related *core.Collection, ids []string) ([]*core.Record, error) {
			found, err := app.FindRecordsByIds(related.Id, ids)
			return slices.DeleteFunc(found, func(one *core.Record) bool {
				ok, err := app.CanAccessRecord(one, info, related.ViewRule)
				return err != nil || !ok
			}), err
		})
	}
	if options.Fields != "" {
		if picked, err := picker.Pick(record, options.Fields); err == nil {
			return picked
		}
	}
	return record
}

// matches runs a client's filter on one record with the client's rights.
func matches(app core.App, record *core.Record, info *core.RequestInfo, filter string) bool {
	if strings.Contains(filter, "@") { // @collection and @request are for rules
		return false
	}
	resolver := core.NewRecordFieldResolver(app, record.Collection(), info, false)
	expr, err := search.FilterData(filter).BuildExpr(resolver)
	if err != nil {
		return false
	}
	name := record.Collection().Name
	query := app.ConcurrentDB().Select("(1)").From(name).AndWhere(dbx.HashExp{name + ".id": record.Id}).AndWhere(expr)
	if err := resolver.UpdateQuery(query); err != nil {
		return false
	}
	var found int
	return query.Limit(1).Row(&found) == nil && found == 1
}
