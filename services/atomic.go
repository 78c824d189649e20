package services

import (
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"
)

// saveInTransactions makes every save of a record one transaction with what our
// hooks do around it. PocketBase writes a record created or updated over HTTP on
// its own: a refusal or a crash after the row would leave the row without its
// event, number or count.
//
// A record with new files is left alone, because PocketBase uploads them inside
// this hook and the network must not be waited for while the only writer is
// held; what belongs to such a record binds to AroundCreate and AroundUpdate,
// which come after the upload.
func (i *Instance) saveInTransactions() {
	atomic := &hook.Handler[*core.RecordEvent]{Id: "lancershubAtomic", Priority: -1000, Func: func(e *core.RecordEvent) error {
		if hasNewFiles(e.Record) {
			return e.Next()
		}
		return inTransaction(&e.App, func(core.App) error { return e.Next() })
	}}
	i.App.OnRecordCreateExecute().Bind(atomic)
	i.App.OnRecordUpdateExecute().Bind(atomic)
}

// inTransaction runs do, and with it the rest of a hook's chain, in a transaction
// that stands in for the app of the event; in the one that is open, if there is one.
func inTransaction(app *core.App, do func(tx core.App) error) error {
	outside := *app
	if outside.IsTransactional() {
		return do(outside)
	}
	defer func() { *app = outside }()
	return outside.RunInTransaction(func(tx core.App) error {
		*app = tx
		return do(tx)
	})
}

// Around is what belongs to the writing of a record: save writes the row, in the
// same transaction as everything else that is done with tx.
type Around func(tx core.App, record *core.Record, save func() error) error

// After does something once the row is written.
func After(do func(tx core.App, record *core.Record) error) Around {
	return func(tx core.App, record *core.Record, save func() error) error {
		if err := save(); err != nil {
			return err
		}
		return do(tx, record)
	}
}

// AroundCreate runs do around the writing of every new record of a collection, also
// of one with files: those were uploaded before.
func (i *Instance) AroundCreate(collection string, do Around) {
	i.App.OnModelCreateExecute(collection).BindFunc(around(do))
}

// AroundUpdate is AroundCreate for changes of records.
func (i *Instance) AroundUpdate(collection string, do Around) {
	i.App.OnModelUpdateExecute(collection).BindFunc(around(do))
}

func around(do Around) func(e *core.ModelEvent) error {
	return func(e *core.ModelEvent) error {
		record, ok := e.Model.(*core.Record)
		if !ok {
			return e.Next()
		}
		return inTransaction(&e.App, func(tx core.App) error { return do(tx, record, e.Next) })
	}
}

func hasNewFiles(record *core.Record) bool {
	for _, field := range record.Collection().Fields {
		if field.Type() == core.FieldTypeFile && len(record.GetUnsavedFiles(field.GetName())) > 0 {
			return true
		}
	}
	return false
}
