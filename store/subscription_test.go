package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// postbox keeps the letters that were written.
type postbox struct {
	mu   sync.Mutex
	subs []cordon.Subscriber
}

func (b *postbox) confirm(s cordon.Subscriber) cordon.OutgoingLetter {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = append(b.subs, s)
	return cordon.OutgoingLetter{Title: "confirm"}
}

func (b *postbox) last() cordon.Subscriber { return b.subs[len(b.subs)-1] }

func (p speaker) subscribe(b *postbox, address string) cordon.Subscriber {
	p.t.Helper()
	ok(p.t, p.s.AskSubscription(p.t.Context(), cordon.Address(address), "192.0.2.0/24"))
	err := p.s.AnswerSubscriptions(p.t.Context(), 100, b.confirm)
	ok(p.t, err)
	ok(p.t, p.s.ConfirmSubscription(p.t.Context(), b.last().Token))
	return b.last()
}

func (p speaker) outgoing(where string) (n int) {
	p.t.Helper()
	ok(p.t, storetest.Raw(p.t, p.s).QueryRow(`SELECT COUNT(*) FROM outgoing WHERE `+where).Scan(&n))
	return n
}

func letter(cordon.Announcement, cordon.Subscriber) cordon.OutgoingLetter {
	return cordon.OutgoingLetter{Title: "post"}
}

func TestASubscriptionNeedsTwoYeses(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx, b := p.t.Context(), &postbox{}
		ok(p.t, p.s.AskSubscription(ctx, "jo@example.org", "192.0.2.0/24"))
		wantEqual(p.t, "mails before anybody looked", p.outgoing("TRUE"), 0)
		err := p.s.AnswerSubscriptions(ctx, 100, b.confirm)
		ok(p.t, err)
		wantEqual(p.t, "mails", p.outgoing("purpose = 'subscription'"), 1)
		token := b.last().Token
		n, err := p.s.Subscribers(ctx)
		ok(p.t, err)
		wantEqual(p.t, "subscribers", n, 0)

		// Asked again at once, in another spelling: nothing further is mailed.
		ok(p.t, p.s.AskSubscription(ctx, "JO@example.org", "192.0.2.0/24"))
		err = p.s.AnswerSubscriptions(ctx, 100, b.confirm)
		ok(p.t, err)
		wantEqual(p.t, "mails", p.outgoing("purpose = 'subscription'"), 1)

		wantCode(p.t, p.s.ConfirmSubscription(ctx, "made-up"), cordon.Missing)
		c.advance(25 * time.Hour)
		wantCode(p.t, p.s.ConfirmSubscription(ctx, token), cordon.Missing)
		ok(p.t, p.s.AskSubscription(ctx, "jo@example.org", "192.0.2.0/24"))
		err = p.s.AnswerSubscriptions(ctx, 100, b.confirm)
		ok(p.t, err)
		wantCode(p.t, p.s.ConfirmSubscription(ctx, token), cordon.Missing) // the old link stays dead
		for range 2 {
			ok(p.t, p.s.ConfirmSubscription(ctx, b.last().Token))
		}
		n, err = p.s.Subscribers(ctx)
		ok(p.t, err)
		wantEqual(p.t, "subscribers", n, 1)

		// Who is subscribed and asks again is told so, once a day.
		for range 2 {
			ok(p.t, p.s.AskSubscription(ctx, "jo@example.org", "192.0.2.0/24"))
			err = p.s.AnswerSubscriptions(ctx, 100, b.confirm)
			ok(p.t, err)
		}
		wantEqual(p.t, "mails", p.outgoing("purpose = 'subscription'"), 3)
		wantEqual(p.t, "known", b.last().Known, true)
		ok(p.t, p.s.Unsubscribe(ctx, b.last().Token))
		ok(p.t, p.s.Unsubscribe(ctx, b.last().Token))
		wantCode(p.t, p.s.Unsubscribe(ctx, strings.Replace(b.last().Token, "-", "-0", 1)), cordon.Missing)
		n, err = p.s.Subscribers(ctx)
		ok(p.t, err)
		wantEqual(p.t, "subscribers", n, 0)
	})
}

func TestWhatWasNeverConfirmedIsForgotten(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx, b := p.t.Context(), &postbox{}
		ok(p.t, p.s.AskSubscription(ctx, "jo@example.org", "192.0.2.0/24"))
		err := p.s.AnswerSubscriptions(ctx, 100, b.confirm)
		ok(p.t, err)
		rows := func(table string) (n int) {
			ok(p.t, storetest.Raw(p.t, p.s).QueryRow(`SELECT COUNT(*) FROM `+table).Scan(&n))
			return n
		}
		c.advance(6 * 24 * time.Hour)
		ok(p.t, p.s.ForgetSubscriptions(ctx))
		wantEqual(p.t, "subscriptions", rows("subscription"), 1)
		wantEqual(p.t, "wishes", rows("subscription_wish"), 0)
		c.advance(24 * time.Hour)
		ok(p.t, p.s.ForgetSubscriptions(ctx))
		wantEqual(p.t, "subscriptions", rows("subscription"), 0)
	})
}

func TestOneNetworkCannotAskForEverybody(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx := p.t.Context()
		for i := range 20 {
			ok(p.t, p.s.AskSubscription(ctx, cordon.Address(fmt.Sprintf("p%d@example.org", i)), "192.0.2.0/24"))
		}
		wantCode(p.t, p.s.AskSubscription(ctx, "p@example.org", "192.0.2.0/24"), cordon.Limited)
		ok(p.t, p.s.AskSubscription(ctx, "p@example.org", "198.51.100.0/24"))
		c.advance(time.Hour + time.Minute)
		ok(p.t, p.s.AskSubscription(ctx, "p@example.org", "192.0.2.0/24"))
	})
}

func TestEachSubscriberGetsEachPostOnce(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx, b := p.t.Context(), &postbox{}
		var subs []cordon.Subscriber
		for i := range 7 {
			subs = append(subs, p.subscribe(b, fmt.Sprintf("p%d@example.org", i)))
			c.advance(5 * time.Minute)
		}
		p.post(nil)
		c.advance(time.Minute)
		p.subscribe(b, "late@example.org") // after the post: not for her
		p.post(func(d *cordon.AnnouncementDraft) { d.Status = cordon.PostExercise })
		p.post(func(d *cordon.AnnouncementDraft) { d.Audience = cordon.ForStaff })
		ok(p.t, p.s.Unsubscribe(ctx, unsubscribeOf(p, subs[6])))

		more := true
		for rounds := 0; more; rounds++ {
			var err error
			ok(p.t, p.s.MailAnnouncements(ctx, 3, letter))
			more, err = p.s.MailDue(ctx)
			ok(p.t, err)
			if rounds == 0 {
				ok(p.t, p.s.Unsubscribe(ctx, unsubscribeOf(p, subs[0])))
			}
			if rounds > 10 {
				p.t.Fatal("it never ends")
			}
		}
		wantEqual(p.t, "queued", p.outgoing("purpose = 'announcement'"), 6)
		wantEqual(p.t, "taken back from who left meanwhile", p.outgoing("purpose = 'announcement' AND state = 'stale'"), 1)
		// A cursor that was lost doubles nothing: the keys are there.
		if _, err := storetest.Raw(p.t, p.s).Exec(`UPDATE announcement_mail SET after = 0, done = FALSE`); err != nil {
			p.t.Fatal(err)
		}
		for range 5 {
			ok(p.t, p.s.MailAnnouncements(ctx, 3, letter))
		}
		wantEqual(p.t, "queued", p.outgoing("purpose = 'announcement'"), 6)
	})
}

// unsubscribeOf is the link that a subscriber's mail has.
func unsubscribeOf(p speaker, of cordon.Subscriber) string {
	p.t.Helper()
	return store.UnsubscribeTokenForTest(p.s, of.ID)
}

func TestSubscribersAreSealed(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ok(p.t, p.s.AskSubscription(p.t.Context(), "secret.person@example.org", "192.0.2.0/24"))
		var raw []byte
		ok(p.t, storetest.Raw(p.t, p.s).QueryRow(`SELECT sealed FROM subscription_wish`).Scan(&raw))
		if strings.Contains(string(raw), "secret.person") {
			p.t.Error("the address lies open")
		}
	})
}
