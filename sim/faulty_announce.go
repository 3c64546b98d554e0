package sim

import (
	"context"

	"github.com/cordonmail/cordon"
)

func (f *Faulty) SaveAnnouncementDraft(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft) (cordon.AnnouncementDraft, error) {
	if err := f.write(); err != nil {
		return d, err
	}
	return f.Store.SaveAnnouncementDraft(ctx, by, d)
}

func (f *Faulty) PostAnnouncement(ctx context.Context, p cordon.Posting) (cordon.Announcement, error) {
	if err := f.write(); err != nil {
		return cordon.Announcement{}, err
	}
	return f.Store.PostAnnouncement(ctx, p)
}

func (f *Faulty) OpenAnnouncing(ctx context.Context, d cordon.AnnouncementDraft, first cordon.Promise) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.OpenAnnouncing(ctx, d, first)
}

func (f *Faulty) PagePromise(ctx context.Context, id cordon.PromiseID, warn, late cordon.NewPage) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.PagePromise(ctx, id, warn, late)
}

func (f *Faulty) KeepCorrection(ctx context.Context, d cordon.AnnouncementDraft) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.KeepCorrection(ctx, d)
}

func (f *Faulty) MailAnnouncements(ctx context.Context, n int, write func(cordon.Announcement, cordon.Subscriber) cordon.OutgoingLetter) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.MailAnnouncements(ctx, n, write)
}

func (f *Faulty) AskSubscription(ctx context.Context, a cordon.Address, network string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.AskSubscription(ctx, a, network)
}

func (f *Faulty) AnswerSubscriptions(ctx context.Context, n int, write func(cordon.Subscriber) cordon.OutgoingLetter) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.AnswerSubscriptions(ctx, n, write)
}

func (f *Faulty) ConfirmSubscription(ctx context.Context, token string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.ConfirmSubscription(ctx, token)
}

func (f *Faulty) Unsubscribe(ctx context.Context, token string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.Unsubscribe(ctx, token)
}
