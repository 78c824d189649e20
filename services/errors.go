// Package services holds the use cases of the marketplace, without HTTP types:
// instances and their start and stop, tokens, events between instances, money,
// projects, chats. Hooks and commands call in here; it never calls out to them.
package services

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Error is an answer a client can act on: an HTTP status, a stable code, one
// sentence. Details (for example the legal verbs) go into Data. Every other
// error is a fault of ours and is answered as an internal error.
type Error struct {
	Status  int
	Code    string
	Message string
	Data    map[string]any
	// RetryAfter, if set, tells the client when the same request may work.
	RetryAfter time.Duration
}

// Error returns the sentence meant for the client.
func (e *Error) Error() string { return e.Message }

// With returns a copy of e with a detail added.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Data = map[string]any{key: value}
	for k, v := range e.Data {
		c.Data[k] = v
	}
	return &c
}

// Body returns the error in PocketBase's shape, the code among its data.
func (e *Error) Body() map[string]any {
	data := map[string]any{"code": e.Code}
	maps.Copy(data, e.Data)
	return map[string]any{"status": e.Status, "message": e.Message, "data": data}
}

// SetRetryAfter tells the client in whole seconds when to try again, if err knows.
func SetRetryAfter(h http.Header, err *Error) {
	if err.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(err.RetryAfter.Seconds()))))
	}
}

// asError returns the *Error in err, or an internal error.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Failf(http.StatusInternalServerError, CodeInternal, "Something went wrong on our side.")
}

// Code returns the stable code of err, or "" if it has none.
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// The stable codes. Clients switch on them: never rename one.
const (
	CodeInvalidInput      = "invalid_input"
	CodeNotAnInteger      = "not_an_integer"
	CodeFieldReadOnly     = "field_read_only"
	CodeStatusReadOnly    = "status_read_only"
	CodeIDNotAllowed      = "id_not_allowed"
	CodeUnknownCurrency   = "unknown_currency"
	CodeAmountOutOfRange  = "amount_out_of_range"
	CodeNotFound          = "not_found"
	CodeForbidden         = "forbidden"
	CodeRoleRequired      = "role_required"
	CodeAuthRequired      = "auth_required"
	CodeTokenInvalid      = "token_invalid"
	CodeTokenExpired      = "token_expired"
	CodeTokenRevoked      = "token_revoked"
	CodeRefreshInvalid    = "refresh_invalid"
	CodeRefreshReused     = "refresh_reused"
	CodeIllegalTransition = "illegal_transition"
	CodeConflict          = "conflict"
	CodeOwnProject        = "own_project"
	CodeProjectNotOpen    = "project_not_open"
	CodeDuplicateProposal = "duplicate_proposal"
	CodeMoneyHeld         = "money_held"
	CodeDisputed          = "disputed"
	CodeChargedBack       = "charged_back"
	CodeNoNextMilestone   = "no_next_milestone"
	CodeReasonRequired    = "reason_required"
	CodeNotEligible       = "not_eligible"
	CodeNotVerified       = "email_not_verified"
	CodeMismatch          = "does_not_match"
	CodeMilestoneTaken    = "milestone_taken"
	CodeKeyRequired       = "idempotency_key_required"
	CodeKeyInvalid        = "idempotency_key_invalid"
	CodeKeyReused         = "idempotency_key_reused"
	CodeInProgress        = "request_in_progress"
	CodePeerUnavailable   = "peer_unavailable"
	CodeProviderPending   = "provider_pending"
	CodeWebhookSignature  = "webhook_signature_invalid"
	CodeWebhookTime       = "webhook_out_of_time"
	CodeProviderSilent    = "provider_unavailable"
	CodePaymentDeclined   = "payment_declined"
	CodePaymentCancelled  = "payment_cancelled"
	CodeConfirmPayment    = "confirmation_required"
	CodeSignInAgain       = "sign_in_again"
	CodeDestUnknown       = "destination_unknown"
	CodeDestMissing       = "destination_missing"
	CodeDestCooling       = "destination_cooling"
	CodeBelowMinimum      = "below_minimum"
	CodeNotEnough         = "insufficient_balance"
	CodeTooManyRequests   = "too_many_requests"
	CodeEventConflict     = "event_conflict"
	CodeBodyTooLarge      = "body_too_large"
	CodeUnsupportedMedia  = "unsupported_media_type"
	CodeStorageFull       = "storage_full"
	CodeStorageFailed     = "storage_failed"
	CodeInternal          = "internal_error"
	CodeBlocked           = "blocked"
	CodeEditNotAllowed    = "edit_not_allowed"
	CodeAlreadyReported   = "already_reported"
	CodeContactNotAllowed = "contact_not_allowed"
	CodeAccountInUse      = "account_in_use"
	CodeNoMail            = "mail_not_configured"
	CodeContractRunning   = "contract_running"
	CodeAlreadyReviewed   = "already_reviewed"
	CodeReviewTooLate     = "review_too_late"
)

// Codes of proposals and searches.
const (
	CodeMilestonesSum     = "milestones_sum"
	CodeTooManyMilestones = "too_many_milestones"
	CodeProposalChanged   = "proposal_changed"
	CodeTooManySearches   = "too_many_searches"
)

// Codes of files.
const (
	CodeStorageUnavailable = "storage_unavailable"
	CodeFileTooLarge       = "file_too_large"
	CodeUploadClosed       = "upload_closed"
	CodeUploadIncomplete   = "upload_incomplete"
	CodeUploadMismatch     = "upload_mismatch"
	CodeDeliverableKept    = "deliverable_kept"
)

// Failf makes an Error with a formatted sentence.
func Failf(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func badRequest(code, format string, args ...any) *Error {
	return Failf(http.StatusBadRequest, code, format, args...)
}

func forbidden(code, format string, args ...any) *Error {
	return Failf(http.StatusForbidden, code, format, args...)
}

func conflict(code, format string, args ...any) *Error {
	return Failf(http.StatusConflict, code, format, args...)
}

// notFound is the answer for what does not exist and for what the asker may
// not know exists: the two cannot be told apart.
func notFound() *Error {
	return Failf(http.StatusNotFound, CodeNotFound, "The requested resource wasn't found.")
}

// notFoundOr is notFound when err says that there is no such row. Any other error is
// returned as it is: a database that cannot be asked is not a "no", and whoever took
// it for one would decide by it.
func notFoundOr(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return notFound()
	}
	return err
}
