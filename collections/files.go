package collections

// Collections of files.
const (
	Uploads      = "uploads"
	Deliverables = "deliverables"
)

// Fields of uploads.
const (
	UploadTarget    = "target"
	UploadSubject   = "subject"
	UploadRecord    = "record"
	UploadName      = "name"
	UploadNote      = "note"
	UploadSize      = "size"
	UploadType      = "type"
	UploadSHA       = "sha256"
	UploadBucket    = "bucket"
	UploadKey       = "key"
	UploadMultipart = "multipart"
	UploadExpiresAt = "expiresAt"
)

// States of uploads.
const (
	UploadStarted   = "started"
	UploadStored    = "stored"
	UploadFailed    = "failed"
	UploadCancelled = "cancelled"
)

// Fields of deliverables, beside those they have in common with uploads.
const (
	DeliverableBy          = "by"
	DeliverableFile        = "file"
	DeliverableSubmittedAt = "submittedAt"
)

// Files of projects and proposals.
const (
	ProjectAttachments = "attachments"
	ProposalSamples    = "samples"
)
