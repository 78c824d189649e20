package services

import (
	"slices"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// maxDeliverable is the largest file a freelancer hands over: 4 GB.
const maxDeliverable = 4 << 30

// Deliverables are the files of a milestone.
func (s ProjectsService) Deliverables() Uploads {
	return Uploads{Instance: s.Instance, Target: UploadTarget{
		Name: collections.FieldMilestone, Collection: collections.Deliverables, Field: collections.DeliverableFile,
		Max: maxDeliverable, May: mayDeliver, Attach: s.deliver,
	}}
}

// mayDeliver lets the freelancer hand over files while work on the milestone goes on.
func mayDeliver(app core.App, milestone, user string) error {
	record, err := partyTo(app, collections.Milestones, milestone, user, collections.ByFreelancer)
	if err != nil {
		return err
	}
	open := []string{collections.MilestoneFunded, collections.MilestoneSubmitted, collections.MilestoneChangesRequested}
	if status := record.GetString(collections.FieldStatus); !slices.Contains(open, status) {
		return conflict(CodeIllegalTransition, "Files are handed over while a milestone is worked on; this one is %s.", status).With("status", status)
	}
	return nil
}

// deliver makes the deliverable of an upload: the next version of its name.
func (s ProjectsService) deliver(tx core.App, upload *core.Record, file string) (*core.Record, error) {
	milestone, err := tx.FindRecordById(collections.Milestones, upload.GetString(collections.UploadSubject))
	if err != nil {
		return nil, err
	}
	col, err := tx.FindCachedCollectionByNameOrId(collections.Deliverables)
	if err != nil {
		return nil, err
	}
	var version int
	err = tx.DB().NewQuery(`SELECT coalesce(max(version), 0) + 1 FROM deliverables WHERE milestone = {:milestone} AND name = {:name}`).
		Bind(dbx.Params{collections.FieldMilestone: milestone.Id, collections.UploadName: upload.GetString(collections.UploadName)}).Row(&version)
	if err != nil {
		return nil, err
	}
	record := core.NewRecord(col)
	record.Id = upload.GetString(collections.UploadRecord)
	for _, field := range []string{collections.FieldContract, collections.FieldProject, collections.FieldClient, collections.FieldFreelancer} {
		record.Set(field, milestone.GetString(field))
	}
	for _, field := range []string{collections.UploadName, collections.UploadNote, collections.UploadSize, collections.UploadType, collections.UploadSHA} {
		record.Set(field, upload.Get(field))
	}
	record.Load(map[string]any{
		collections.FieldMilestone: milestone.Id, collections.DeliverableBy: upload.GetString(collections.FieldUser),
		collections.FieldVersion: version, collections.DeliverableFile: file,
	})
	return record, tx.SaveNoValidate(record)
}

// handIn notes which deliverables belong to what is handed in: those named, or
// all that were not handed in before.
func (s ProjectsService) handIn(tx core.App, milestone string, named []string) error {
	where := dbx.NewExp("milestone = {:milestone} AND submittedAt = ''", dbx.Params{collections.FieldMilestone: milestone})
	if len(named) > 0 {
		ids := make([]any, len(named))
		for n, id := range named {
			ids[n] = id
		}
		found, err := tx.CountRecords(collections.Deliverables, dbx.HashExp{collections.FieldMilestone: milestone, collections.FieldID: ids})
		if err != nil {
			return err
		}
		if int(found) != len(slices.Compact(slices.Sorted(slices.Values(named)))) {
			return badRequest(CodeInvalidInput, "Only files of this milestone can be handed in with it.").With("field", collections.Deliverables)
		}
		where = dbx.And(where, dbx.HashExp{collections.FieldID: ids})
	}
	_, err := tx.DB().Update(collections.Deliverables, dbx.Params{collections.DeliverableSubmittedAt: dateTime(s.Clock.Now()).String()}, where).Execute()
	return err
}

// KeepDeliverable refuses to delete a file that somebody may still need: while
// the contract runs, or its milestone is disputed.
func (s ProjectsService) KeepDeliverable(tx core.App, record *core.Record) error {
	contract, err := tx.FindRecordById(collections.Contracts, record.GetString(collections.FieldContract))
	if err != nil {
		return err
	}
	milestone, err := tx.FindRecordById(collections.Milestones, record.GetString(collections.FieldMilestone))
	if err != nil {
		return err
	}
	running := slices.Contains([]string{collections.ContractActive, collections.ContractPaused}, contract.GetString(collections.FieldStatus))
	if running || milestone.GetBool(collections.MilestoneDisputed) {
		return conflict(CodeDeliverableKept, "Files that were handed over are kept until the contract is over and no dispute is open.")
	}
	return nil
}

// DeleteDeliverable removes a file for good, once nobody needs it.
func (s ProjectsService) DeleteDeliverable(cmd Command, id string) (Answer, error) {
	return Once(s.App, s.Clock, cmd, func(tx core.App) (any, error) {
		record, err := partyTo(tx, collections.Deliverables, id, cmd.Principal, collections.ByFreelancer)
		if err != nil {
			return nil, err
		}
		return map[string]any{collections.FieldID: id, "deleted": true}, tx.Delete(record)
	})
}
