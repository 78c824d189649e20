package services

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"

	"github.com/lancershub/lancershub/collections"
)

// ProposedMilestone is one step of the work as a proposal offers it. Amount is in
// minor units of the proposal's currency; DueAt is a time in PocketBase's form, or "".
type ProposedMilestone struct {
	Title  string `json:"title"`
	Amount int64  `json:"amount"`
	DueAt  string `json:"dueAt"`
}

// Bounds of proposed milestones.
const (
	MaxProposedMilestones = 20
	maxMilestoneTitle     = 140
	latestDue             = 3650 * collections.Day
)

// CheckProposal refuses an offer that contradicts itself: milestones, if there
// are any, add up to the price. They are stored in one form, however they were sent.
func (s ProjectsService) CheckProposal(proposal *core.Record) error {
	amount := int64(proposal.GetInt(collections.FieldAmount))
	if err := CheckAmount(amount); err != nil {
		return err
	}
	sent, err := sentMilestones(proposal.GetString(collections.ProposalMilestones))
	if err != nil {
		return err
	}
	if len(sent) == 0 {
		proposal.Set(collections.ProposalMilestones, nil)
		return nil
	}
	// Days that have passed since are no reason to refuse another cover letter.
	changed := proposal.IsNew() || proposal.GetString(collections.ProposalMilestones) != proposal.Original().GetString(collections.ProposalMilestones)
	milestones, sum := make([]ProposedMilestone, len(sent)), int64(0)
	for n, one := range sent {
		if milestones[n], err = one.read(s.Clock.Now(), changed); err != nil {
			return asError(err).With("field", collections.ProposalMilestones).With("row", n+1)
		}
		sum += milestones[n].Amount // twenty times the largest amount is far from overflowing
	}
	if sum != amount {
		return badRequest(CodeMilestonesSum, "The milestones add up to %d, but the price is %d.", sum, amount).
			With("field", collections.ProposalMilestones).With("sum", sum).With("amount", amount)
	}
	proposal.Set(collections.ProposalMilestones, milestones)
	return nil
}

// sentMilestone is a milestone as it arrived.
type sentMilestone struct {
	Title  string          `json:"title"`
	Amount json.RawMessage `json:"amount"`
	DueAt  string          `json:"dueAt"`
}

func sentMilestones(raw string) ([]sentMilestone, error) {
	sent := []sentMilestone{}
	if raw == "" || raw == "null" || raw == `""` {
		return sent, nil
	}
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sent); err != nil {
		return nil, badRequest(CodeInvalidInput, "Milestones are a list of objects with a title, an amount and, if you like, a dueAt.").
			With("field", collections.ProposalMilestones)
	}
	if len(sent) > MaxProposedMilestones {
		return nil, badRequest(CodeTooManyMilestones, "A proposal has at most %d milestones.", MaxProposedMilestones).
			With("field", collections.ProposalMilestones).With("max", MaxProposedMilestones)
	}
	return sent, nil
}

// read checks one milestone. A due date that was not there before must lie ahead.
func (m sentMilestone) read(now time.Time, ahead bool) (ProposedMilestone, error) {
	milestone := ProposedMilestone{Title: strings.TrimSpace(m.Title)}
	if milestone.Title == "" || utf8.RuneCountInString(milestone.Title) > maxMilestoneTitle {
		return milestone, badRequest(CodeInvalidInput, "A milestone has a title of at most %d characters.", maxMilestoneTitle).With("part", collections.FieldTitle)
	}
	// Into an integer, so that neither a text nor a fraction gets through.
	if err := json.Unmarshal(m.Amount, &milestone.Amount); err != nil || bytes.Equal(m.Amount, []byte("null")) {
		return milestone, badRequest(CodeNotAnInteger, "The amount of a milestone is a whole number of minor units, for example cents.").With("part", collections.FieldAmount)
	}
	if err := CheckAmount(milestone.Amount); err != nil {
		return milestone, asError(err).With("part", collections.FieldAmount)
	}
	if m.DueAt == "" {
		return milestone, nil
	}
	due, err := parseTime(m.DueAt)
	if err != nil || due.After(now.Add(latestDue)) || ahead && due.Before(now) {
		return milestone, badRequest(CodeInvalidInput, "A milestone is due at a time that lies ahead, such as 2026-01-31T18:00:00Z.").With("part", collections.MilestoneDueAt)
	}
	milestone.DueAt = dateTime(due).String()
	return milestone, nil
}

// parseTime reads a time as clients send it: RFC 3339, or PocketBase's own form.
func parseTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		at, err = time.Parse(types.DefaultDateLayout, text)
	}
	return at, err
}

// proposedMilestones are the milestones of a proposal; none is one for the whole.
func proposedMilestones(proposal *core.Record) ([]ProposedMilestone, error) {
	var milestones []ProposedMilestone
	if raw := proposal.GetString(collections.ProposalMilestones); raw != "" && raw != "null" {
		if err := proposal.UnmarshalJSONField(collections.ProposalMilestones, &milestones); err != nil {
			return nil, err
		}
	}
	if len(milestones) == 0 {
		milestones = []ProposedMilestone{{Title: proposal.GetString(collections.ProposalProjectTitle), Amount: int64(proposal.GetInt(collections.FieldAmount))}}
	}
	return milestones, nil
}
