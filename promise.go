package cordon

import (
	"fmt"
	"time"
)

// PromiseID names one promise.
type PromiseID string

// NewPromiseID makes one.
func NewPromiseID() PromiseID { return PromiseID("prm_" + RandomText(idRandomChars)) }

// PromiseKind is what was promised.
type PromiseKind string

const (
	PromiseFirst  PromiseKind = "first-post"  // made by opening a public incident: the public is told within FirstPostWithin
	PromiseUpdate PromiseKind = "next-update" // made by a post: when the next is due
	PromiseReport PromiseKind = "report"      // made by a post: by when there will be a report
)

// PromiseState: open → kept or missed. A promise that was missed stays so; the
// post that came late settles it.
type PromiseState string

const (
	PromiseOpen    PromiseState = "open"
	PromiseKept    PromiseState = "kept"
	PromiseMissed  PromiseState = "missed"
	PromiseDropped PromiseState = "dropped" // nothing is owed any more: the incident was none
)

// The house's own promises: the first post of a public incident, and how often
// readers hear more for how long.
const (
	FirstPostWithin  = 5 * time.Minute
	FirstUpdateEvery = 20 * time.Minute
	FirstUpdatesFor  = 2 * time.Hour
)

// Promise is a time by which readers were told they would hear more.
type Promise struct {
	ID        PromiseID    `json:"id"`
	Kind      PromiseKind  `json:"kind"`
	State     PromiseState `json:"state"`
	Incident  IncidentID   `json:"incident,omitempty"`
	Number    int64        `json:"number,omitempty"` // of the announcement; 0 before there is one
	Seq       int          `json:"seq"`              // of the post that made it
	Audience  PostAudience `json:"audience"`
	Exercise  bool         `json:"exercise,omitempty"`
	MadeAt    time.Time    `json:"made_at"`
	DueAt     time.Time    `json:"due_at"`
	SettledAt time.Time    `json:"settled_at,omitzero"` // when the post came that it was about; zero while it is owed
	SettledBy int          `json:"settled_by,omitempty"`
	WarnedAt  time.Time    `json:"warned_at,omitzero"` // when the Customer Liaison was paged before it lapsed
	PagedAt   time.Time    `json:"paged_at,omitzero"`  // and when it had
}

// Owed says whether what was promised has still not come.
func (p Promise) Owed() bool {
	return p.SettledAt.IsZero() && (p.State == PromiseOpen || p.State == PromiseMissed)
}

// WarnAt is when the Customer Liaison is paged: a quarter of the time before it
// lapses, at least a minute and at most a day.
func (p Promise) WarnAt() time.Time {
	ahead := min(max(p.DueAt.Sub(p.MadeAt)/4, time.Minute), 24*time.Hour)
	return p.DueAt.Add(-ahead)
}

// StatusView is all that the status page shows, of one moment.
type StatusView struct {
	At         time.Time      `json:"at"`
	Components []Component    `json:"components"`
	Posts      []Announcement `json:"posts"` // on the status page, newest first
	Promises   []Promise      `json:"promises"`
}

// SubscriptionID names one subscription to announcements.
type SubscriptionID string

// NewSubscriptionID makes one.
func NewSubscriptionID() SubscriptionID { return SubscriptionID("sub_" + RandomText(idRandomChars)) }

// Subscriber is who gets a mail about announcements.
type Subscriber struct {
	ID      SubscriptionID
	Address Address
	Token   string // of the link that ends the subscription, or confirms it
	Known   bool   // subscribed already: there is nothing to confirm
}

// StatusSite is what mail to subscribers says of the status page.
type StatusSite struct {
	Name string // of the installation, as readers know it
	URL  string // of the live page, without a slash at its end
}

// Posting is a post that is ready: all that the store adds is its number, its
// sequence and when.
type Posting struct {
	By          Actor
	Draft       AnnouncementDraftID
	Version     int64 // of the draft, as it was read
	Post        Announcement
	Promises    []Promise
	FirstNumber int64 // of the installation's series
}

// AnnouncementFilter chooses posts; what is not given is not asked for.
type AnnouncementFilter struct {
	Incident  IncidentID
	Number    int64
	Audiences []PostAudience // none: all
	Status    PostStatus
}

// PromiseFilter chooses promises.
type PromiseFilter struct {
	Incident IncidentID
	Owed     bool // only those that are still owed
}

// Published is what has been said of an incident under one number: the newest
// value of every figure that a post quoted.
type Published struct {
	Last    Announcement
	Figures []Figure
}

// Missed says in a sentence what did not come; no personal data.
func (p Promise) Missed() string {
	due := p.DueAt.UTC().Format("2 January 2006, 15:04 UTC")
	switch p.Kind {
	case PromiseFirst:
		return "The first announcement was due by " + due
	case PromiseReport:
		return fmt.Sprintf("The report on announcement %d was promised for %s", p.Number, due)
	default:
		return fmt.Sprintf("The next update to announcement %d was promised for %s", p.Number, due)
	}
}

// PromisePage is the key of the page about a promise: before it lapses, or late.
func PromisePage(id PromiseID, late bool) string {
	if late {
		return "promise/" + string(id) + "/late"
	}
	return "promise/" + string(id) + "/soon"
}

// UntoldIncident is a public incident that nothing was announced about yet.
type UntoldIncident struct {
	Incident
	PublicAt time.Time
}
