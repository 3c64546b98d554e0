package store_test

import (
	"fmt"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// BenchmarkMailAnnouncement queues one post for 10,000 subscribers.
func BenchmarkMailAnnouncement(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			var s *store.Store
			if engine == "sqlite" {
				s = storetest.New(b)
			} else {
				s = storetest.NewPostgres(b)
			}
			ctx := b.Context()
			var box postbox
			for i := range 10_000 {
				ok(b, s.AskSubscription(ctx, cordon.Address(fmt.Sprintf("p%d@example.org", i)), fmt.Sprint(i/10)))
				if i%500 == 499 {
					ok(b, s.AnswerSubscriptions(ctx, 500, box.confirm))
				}
			}
			for _, sub := range box.subs {
				ok(b, s.ConfirmSubscription(ctx, sub.Token))
			}
			for b.Loop() {
				d := cordon.AnnouncementDraft{Kind: cordon.AnnounceOriginal, Audience: cordon.ForPublic, Status: cordon.PostActual}
				d, err := s.SaveAnnouncementDraft(ctx, anna, d)
				ok(b, err)
				_, err = s.PostAnnouncement(ctx, cordon.Posting{By: anna, Draft: d.ID, Version: 1})
				ok(b, err)
				for due := true; due; {
					ok(b, s.MailAnnouncements(ctx, 500, letter))
					due, err = s.MailDue(ctx)
					ok(b, err)
				}
			}
		})
	}
}
