package hooks

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
	"github.com/lancershub/lancershub/services"
)

// bindSealed keeps what money hangs on from being made, edited or deleted by hand,
// also by superusers: the ledger would no longer say the same.
func bindSealed(i *services.Instance) {
	for _, name := range collections.Sealed[i.Domain] {
		i.App.OnRecordUpdateRequest(name).BindFunc(func(e *core.RecordRequestEvent) error {
			if slices.Contains(collections.Moderated, name) {
				return e.Next() // a decision; see bindRulings and moderatePayout
			}
			return sealed(name)
		})
		i.App.OnRecordDeleteRequest(name).BindFunc(func(*core.RecordRequestEvent) error { return sealed(name) })
	}
	for _, name := range collections.Made[i.Domain] {
		i.App.OnRecordCreateRequest(name).BindFunc(func(*core.RecordRequestEvent) error { return sealed(name) })
	}
	for _, name := range collections.Kept[i.Domain] {
		// Not only of requests for one record: the admin UI can empty a whole collection.
		i.App.OnRecordDelete(name).BindFunc(func(*core.RecordEvent) error { return sealed(name) })
	}
	bindSchema(i)
}

// bindSchema keeps the collections as the migrations made them: another rule opens them,
// a field that is missing stops the marketplace, and both would be found at the next start.
// How people sign in is the operator's to set.
func bindSchema(i *services.Instance) {
	rules := collections.RulesOf(i.Domain)
	i.App.OnCollectionUpdateRequest().BindFunc(func(e *core.CollectionRequestEvent) error {
		before, err := i.App.FindCollectionByNameOrId(e.Collection.Id)
		if err != nil {
			return err
		}
		known, ours := rules[before.Name]
		if ours && (before.Name != e.Collection.Name || collections.RulesIn(e.Collection) != known || !asMigrated(before, e.Collection)) {
			return asBuilt(before.Name)
		}
		return e.Next()
	})
	i.App.OnCollectionDeleteRequest().BindFunc(func(e *core.CollectionRequestEvent) error {
		if _, ours := rules[e.Collection.Name]; ours {
			return asBuilt(e.Collection.Name)
		}
		return e.Next()
	})
	i.App.OnCollectionsImportRequest().BindFunc(func(*core.CollectionsImportRequestEvent) error { return asBuilt("The collections") })
}

// asMigrated tells whether fields and indexes are those of before, with what is hidden and what
// is unique, what a view shows, and whether anybody may manage other people's accounts.
func asMigrated(before, now *core.Collection) bool {
	return slices.Equal(before.Indexes, now.Indexes) && maps.Equal(shapes(before), shapes(now)) &&
		before.ViewQuery == now.ViewQuery && reflect.DeepEqual(before.ManageRule, now.ManageRule)
}

// shapes has a collection's fields by their names.
func shapes(collection *core.Collection) map[string]string {
	found := map[string]string{}
	for _, field := range collection.Fields {
		settings, err := json.Marshal(field)
		found[field.GetName()] = fmt.Sprint(field.Type(), string(settings), err)
	}
	return found
}

func asBuilt(what string) error {
	return services.Failf(http.StatusForbidden, services.CodeForbidden, "%s cannot be changed by hand: rules and fields come with the version of the marketplace.", what)
}

func sealed(what string) error {
	return services.Failf(http.StatusForbidden, services.CodeForbidden, "%s cannot be edited by hand: it changes by commands, together with the ledger.", what)
}

// sealedState is the state in which moderators, too, can edit what a contract is made of
// and what is paid for; the rest of these records is the server's for them as for everybody.
var sealedState = map[string]string{
	collections.Milestones: collections.MilestonePlanned, collections.Proposals: collections.ProposalSubmitted, collections.Projects: "",
}

// guardTerms refuses a moderator's edit of what two people agreed on.
func guardTerms(e *core.RecordRequestEvent, creating bool) error {
	editable, terms := sealedState[e.Collection.Name]
	if !terms || creating {
		return nil
	}
	if editable != "" && e.Record.Original().GetString(collections.FieldStatus) != editable {
		return sealed(e.Collection.Name)
	}
	return ownedUntouched(e, creating)
}
