package services

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"

	"github.com/lancershub/lancershub/collections"
)

// Move is one transition of a record through its state machine.
type Move struct {
	Machine collections.Machine
	Record  *core.Record
	Verb    string
	// By is who moves it: a user id, or System.
	By string
	// Reason is kept on the timeline.
	Reason string
	// Set are further fields written with the new status.
	Set map[string]any
}

// System is who moves what no person moved: an event or a clock.
const System = "system"

// Transition moves a record in tx. Its row changes by one conditional UPDATE on (id,
// status, version), because a check before a write loses races; its timeline row and
// whatever the caller adds follow in the same transaction. The record then has its
// new status and version.
//
// It fails with illegal_transition, which names the legal verbs.
func Transition(tx core.App, m Move) error {
	edge, ok := m.Machine.Edge(m.Verb)
	if !ok {
		return Failf(http.StatusNotFound, CodeNotFound, "There is no %q for %s; there are: %s.", m.Verb, m.Machine.Collection, strings.Join(m.Machine.Verbs(), ", "))
	}
	from := m.Record.GetString(collections.FieldStatus)
	if !slices.Contains(edge.From, from) {
		return illegal(m.Machine, m.Verb, from)
	}
	to := edge.To
	if to == collections.Same {
		to = from
	}
	version := m.Record.GetInt(collections.FieldVersion)
	m.Record.Set(collections.FieldStatus, to)
	m.Record.Set(collections.FieldVersion, version+1)
	for field, value := range m.Set {
		m.Record.Set(field, value)
	}
	ctx := context.WithValue(context.Background(), stillKey{}, still{status: from, version: version})
	if err := tx.SaveNoValidateWithContext(ctx, m.Record); err != nil {
		return err
	}
	return addTimeline(tx, m, from, to)
}

// still is the state in which a transition left from: in any other it changes nothing.
type still struct {
	status  string
	version int
}

type stillKey struct{}

// writeIfStill makes the UPDATE of a record that moves depend on the state it left
// from. It stands in for PocketBase's own, after everything that is bound to it.
func (i *Instance) writeIfStill() {
	i.App.OnModelUpdateExecute().Bind(&hook.Handler[*core.ModelEvent]{Id: "lancershubTransition", Priority: 1000, Func: func(e *core.ModelEvent) error {
		left, moves := e.Context.Value(stillKey{}).(still)
		record, ok := e.Model.(*core.Record)
		if !moves || !ok {
			return e.Next()
		}
		text, args, err := updateIfStill(record, left)
		if err != nil {
			return err
		}
		result, err := execFixed(e.App, text, args...)
		if changed, err := oneRow(result, err); err != nil {
			return err
		} else if !changed {
			return conflict(CodeConflict, "Someone else changed this at the same moment. Load it again and retry.")
		}
		return nil
	}})
}

// updateIfStill writes all of a record but what says who and what it is about, unless
// that is new: those fields are in most of the indexes.
func updateIfStill(record *core.Record, left still) (text string, args []any, err error) {
	row, err := record.DBExport(nil)
	if err != nil {
		return "", nil, err
	}
	before := record.Original()
	for _, field := range aboutFields {
		if before.GetString(field) == record.GetString(field) {
			delete(row, field)
		}
	}
	delete(row, collections.FieldID)
	fields := sortedKeys(row)
	for _, field := range fields {
		args = append(args, row[field])
	}
	text = "UPDATE " + record.TableName() + " SET `" + strings.Join(fields, "` = ?, `") + "` = ? WHERE id = ?"
	if args = append(args, record.Id); planted("the status is checked before, not while it changes") {
		return text, args, nil
	}
	return text + " AND status = ? AND version = ?", append(args, left.status, left.version), nil
}

// aboutFields are set once, when it is known what a record is about.
var aboutFields = []string{
	collections.FieldCreated, collections.FieldClient, collections.FieldFreelancer,
	collections.FieldProject, collections.FieldContract, collections.FieldMilestone,
}

func illegal(machine collections.Machine, verb, state string) error {
	legal := machine.LegalVerbs(state)
	sentence := "nothing can be done with it any more"
	if len(legal) > 0 {
		sentence = "legal now: " + strings.Join(legal, ", ")
	}
	return conflict(CodeIllegalTransition, "Cannot %s: the status is %s; %s.", verb, state, sentence).
		With("status", state).With("verb", verb).With("allowed", legal)
}

// addTimeline writes the row both parties can read.
func addTimeline(tx core.App, m Move, from, to string) error {
	col, err := tx.FindCachedCollectionByNameOrId(collections.Timeline)
	if err != nil {
		return err
	}
	project := m.Record.GetString(collections.FieldProject)
	if m.Machine.Collection == collections.Projects {
		project = m.Record.Id
	}
	row := core.NewRecord(col)
	row.Load(map[string]any{
		collections.TimelineKind:    m.Machine.Collection,
		collections.TimelineSubject: m.Record.Id,
		collections.FieldProject:    project,
		collections.FieldClient:     m.Record.GetString(collections.FieldClient),
		collections.FieldFreelancer: m.Record.GetString(collections.FieldFreelancer),
		collections.TimelineVerb:    m.Verb,
		collections.TimelineFrom:    from,
		collections.TimelineTo:      to,
		collections.TimelineBy:      m.By,
		collections.FieldReason:     m.Reason,
	})
	return tx.SaveNoValidate(row)
}
