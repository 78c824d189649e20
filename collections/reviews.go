package collections

// Reviews has one record per contract and person who may review: it is open
// when the contract is over, sealed when its words are written (they are kept
// elsewhere until then), and published when both are in or the time is up.
const Reviews = "reviews"

// Fields of reviews. The subject is whom it is about. Rating, categories, body
// and reply are empty until publication.
const (
	ReviewAuthor      = "author"
	ReviewSubject     = "subject"
	ReviewRating      = "rating"
	ReviewCategories  = "categories"
	ReviewBody        = "body"
	ReviewPublishedAt = "publishedAt"
	ReviewReply       = "reply"
	ReviewRepliedAt   = "repliedAt"
)

// States of a review.
const (
	ReviewOpen      = "open"
	ReviewSealed    = "sealed"
	ReviewPublished = "published"
	ReviewReplied   = "replied"
	ReviewExpired   = "expired"
)

// MaxRating is the best rating; the worst is 1.
const MaxRating = 5

// ReviewMachine is open -> sealed -> published -> replied; an open one whose
// time is up expires. Writing is creating a review through the collection.
var ReviewMachine = Machine{Collection: Reviews, Initial: ReviewOpen, Edges: []Edge{
	{"reply", []string{ReviewPublished}, ReviewReplied, ByEither},
	{"write", []string{ReviewOpen}, ReviewSealed, ByEvent},
	{"publish", []string{ReviewSealed}, ReviewPublished, ByEvent},
	{"expire", []string{ReviewOpen}, ReviewExpired, ByEvent},
}}

// CategoriesAbout lists what can be rated one by one about a freelancer or a client.
var CategoriesAbout = map[Party][]string{
	ByFreelancer: {"quality", "communication", "timeliness"},
	ByClient:     {"clarity", "communication", "payment"},
}
