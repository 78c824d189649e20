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
// held; what belongs to such a record binds to OnModelCreateExecute, which comes
// after the upload.
func (i *Instance) saveInTransactions() {
	atomic := &hook.Handler[*core.RecordEvent]{Id: "lancershubAtomic", Priority: -1000, Func: func(e *core.RecordEvent) error {
		app := e.App
		if app.IsTransactional() || hasNewFiles(e.Record) {
			return e.Next()
		}
		err := app.RunInTransaction(func(tx core.App) error {
			e.App = tx
			return e.Next()
		})
		e.App = app
		return err
	}}
	i.App.OnRecordCreateExecute().Bind(atomic)
	i.App.OnRecordUpdateExecute().Bind(atomic)
}

func hasNewFiles(record *core.Record) bool {
	for _, field := range record.Collection().Fields {
		if field.Type() == core.FieldTypeFile && len(record.GetUnsavedFiles(field.GetName())) > 0 {
			return true
		}
	}
	return false
}
