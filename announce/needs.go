package announce

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what announcing asks of storage.
type Store interface {
	Changed(topic string) (<-chan struct{}, func())

	LedgerHead(ctx context.Context) (size int64, root [32]byte, err error)
	Incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error)
	IncidentFigures(ctx context.Context, id cordon.IncidentID) (cordon.Figures, error)
	IncidentMailKinds(ctx context.Context, id cordon.IncidentID) ([]cordon.Kind, error)
	Witnessed(ctx context.Context) (size int64, any bool, err error)

	SaveAnnouncementDraft(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft) (cordon.AnnouncementDraft, error)
	AnnouncementDraft(ctx context.Context, id cordon.AnnouncementDraftID) (cordon.AnnouncementDraft, error)
	AnnouncementDrafts(ctx context.Context, stages []cordon.DraftStage, p cordon.Page) ([]cordon.AnnouncementDraft, string, error)
	ApproveAnnouncementDraft(ctx context.Context, by cordon.Actor, id cordon.AnnouncementDraftID, version int64) (cordon.AnnouncementDraft, error)
	DropAnnouncementDraft(ctx context.Context, by cordon.Actor, id cordon.AnnouncementDraftID, version int64) error
	FreezeAnnouncementDraft(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft) (cordon.AnnouncementDraft, error)
	KeepCorrection(ctx context.Context, d cordon.AnnouncementDraft) error
	DropCorrection(ctx context.Context, number int64) error

	PostAnnouncement(ctx context.Context, p cordon.Posting) (cordon.Announcement, error)
	Announcement(ctx context.Context, number int64, seq int) (cordon.Announcement, error)
	Announcements(ctx context.Context, f cordon.AnnouncementFilter, p cordon.Page) ([]cordon.Announcement, string, error)
	PublishedFigures(ctx context.Context, after int64, n int) ([]cordon.Published, error)
	StatusView(ctx context.Context) (cordon.StatusView, error)

	UntoldIncidents(ctx context.Context, n int) ([]cordon.UntoldIncident, error)
	OpenAnnouncing(ctx context.Context, d cordon.AnnouncementDraft, first cordon.Promise) error
	Promises(ctx context.Context, f cordon.PromiseFilter, p cordon.Page) ([]cordon.Promise, string, error)
	DuePromises(ctx context.Context, now time.Time, n int) ([]cordon.Promise, error)
	PagePromise(ctx context.Context, id cordon.PromiseID, warn, late cordon.NewPage) error
	ForgetPromises(ctx context.Context) error

	MailDue(ctx context.Context) (bool, error)
	MailAnnouncements(ctx context.Context, n int, write func(cordon.Announcement, cordon.Subscriber) cordon.OutgoingLetter) error
	AskSubscription(ctx context.Context, a cordon.Address, network string) error
	WishesDue(ctx context.Context) (bool, error)
	AnswerSubscriptions(ctx context.Context, n int, write func(cordon.Subscriber) cordon.OutgoingLetter) error
	ConfirmSubscription(ctx context.Context, token string) error
	Unsubscribe(ctx context.Context, token string) error
	Subscribers(ctx context.Context) (int64, error)
	ForgetSubscriptions(ctx context.Context) error

	SaveComponent(ctx context.Context, by cordon.Actor, c cordon.Component) (cordon.Component, error)
	Components(ctx context.Context) ([]cordon.Component, error)
	DeleteComponent(ctx context.Context, by cordon.Actor, id cordon.ComponentID) error
}
