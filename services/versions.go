package services

import (
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// keepVersions makes an edit of a record that has states one of the version it
// was read at. PocketBase reads a record, asks the rules and saves it, in three
// steps: a proposal accepted in between would be written back to submitted, or
// to another price. Every edit makes a new version, so that whoever decides can
// say on what (see Accept), and what is told of it has a number of its own.
func (i *Instance) keepVersions() {
	for name, rules := range collections.RulesOf(i.Domain) {
		if _, ok := collections.Machines[name]; !ok || rules.Update == collections.Nobody {
			continue
		}
		count := around(func(tx core.App, record *core.Record, save func() error) error {
			version := record.GetInt(collections.FieldVersion)
			var stored int
			err := tx.DB().Select(collections.FieldVersion).From(name).Where(dbx.HashExp{collections.FieldID: record.Id}).Row(&stored)
			if err != nil {
				return err
			}
			if stored != version {
				return conflict(CodeConflict, "Someone else changed this at the same moment. Load it again and retry.")
			}
			if record.Original().GetInt(collections.FieldVersion) == version { // not saved again after a transition
				record.Set(collections.FieldVersion, version+1)
			}
			return save()
		})
		i.App.OnModelUpdateExecute(name).BindFunc(func(e *core.ModelEvent) error {
			if _, moves := e.Context.Value(stillKey{}).(still); moves {
				return e.Next() // a transition compares and counts by itself
			}
			return count(e)
		})
	}
}
