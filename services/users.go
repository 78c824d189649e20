package services

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/lancershub/lancershub/collections"
)

// UsersService owns who people are. Only the users instance has it.
type UsersService struct{ *Instance }

// Changed counts a change of user in tx and tells the peers. ended says that all
// tokens issued before must stop working: the password changed, or the account
// was suspended or closed.
func (s UsersService) Changed(tx core.App, user *core.Record, ended bool) error {
	step := 0
	if ended {
		step = 1
	}
	_, err := tx.DB().Update(collections.Users, dbx.Params{
		collections.UserRev: dbx.NewExp("[[rev]] + 1"),
		collections.UserVer: dbx.NewExp("[[ver]] + {:step}", dbx.Params{"step": step}),
	}, dbx.HashExp{collections.FieldID: user.Id}).Execute()
	if err != nil {
		return err
	}
	fresh, err := tx.FindRecordById(collections.Users, user.Id)
	if err != nil {
		return err
	}
	// As PocketBase holds numbers, or it would refuse to save the record once more.
	user.SetRaw(collections.UserRev, fresh.GetFloat(collections.UserRev))
	user.SetRaw(collections.UserVer, fresh.GetFloat(collections.UserVer))
	now := snapshot(fresh)
	return s.Emit(tx, TopicUserChanged, collections.Users, user.Id, now.Rev, now)
}

// Eligibility is the users instance's answer about one user.
type Eligibility struct {
	User     UserSnapshot `json:"user"`
	Eligible bool         `json:"eligible"`
	// Code says why not: not_eligible or email_not_verified.
	Code string `json:"code,omitempty"`
}

// Eligible decides whether a user may hire, propose, pay or be paid.
func (s UsersService) Eligible(id, role string) (*Eligibility, error) {
	if s.closing.have(id) { // before the record is read: who leaves is closed in there
		return &Eligibility{User: UserSnapshot{ID: id}, Code: CodeNotEligible}, nil
	}
	user, err := s.App.FindRecordById(collections.Users, id)
	if errors.Is(err, sql.ErrNoRows) { // an unknown user; any other error is no answer
		return &Eligibility{User: UserSnapshot{ID: id}, Code: CodeNotEligible}, nil
	}
	if err != nil {
		return nil, err
	}
	answer := &Eligibility{User: snapshot(user)}
	switch {
	case answer.User.Status != collections.UserStatusActive, !slices.Contains(answer.User.Roles, role):
		answer.Code = CodeNotEligible
	case s.Options.RequireVerified && !answer.User.Verified:
		answer.Code = CodeNotVerified
	default:
		answer.Eligible = true
	}
	return answer, nil
}

// CheckEligible asks users whether id may act in role now, and takes over what
// users knows of them. It fails with not_eligible, email_not_verified or, when
// users does not answer, peer_unavailable.
func (i *Instance) CheckEligible(ctx context.Context, id, role string) error {
	query := url.Values{"id": {id}, "role": {role}}
	var answer Eligibility
	if err := i.Peers[collections.DomainUsers].Call(ctx, http.MethodGet, InternalEligible+"?"+query.Encode(), nil, &answer); err != nil {
		return err
	}
	if answer.Code == CodeNotVerified {
		return forbidden(CodeNotVerified, "The %s must verify their e-mail address first.", role)
	}
	if !answer.Eligible {
		return forbidden(CodeNotEligible, "The %s's account cannot take part in this at the moment.", role)
	}
	// Only a change is worth a write: most checks find the mirror up to date.
	var rev int
	err := i.App.ConcurrentDB().NewQuery(`SELECT rev FROM users WHERE id = {:id}`).WithContext(ctx).Bind(dbx.Params{"id": id}).Row(&rev)
	if err == nil && rev >= answer.User.Rev {
		return nil
	}
	_, err = SaveMirror(i.App, answer.User)
	return err
}

// PretendSignUp makes the answer to a sign-up whose e-mail is taken. It looks
// like that of a new account, so it says nothing about who has one.
func PretendSignUp(clock Clock, form *core.Record) *core.Record {
	form.Id = core.GenerateDefaultRandomId()
	now := dateTime(clock.Now())
	form.SetRaw(collections.FieldCreated, now)
	form.SetRaw(collections.FieldUpdated, now)
	return form
}
