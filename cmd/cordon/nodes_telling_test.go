package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/mailsink"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/store/storetest"
)

const (
	toldPeople  = 300
	toldReaders = 20
	followUp    = "About the message"
)

var confirmToken = regexp.MustCompile(`/subscribe/([A-Za-z0-9_.-]+)`)

// Two nodes see one incident: it is opened once, whoever is on call is woken once,
// each reader gets the post once, the tenant is told once, and each of its people
// is written to once.
func TestTwoNodesTellTogether(t *testing.T) {
	sink, err := mailsink.Listen("127.0.0.1:0", mailsink.Config{Keep: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	})
	database := storetest.Postgres(t)
	speaks := func(c *app.Config) {
		c.Pager.From, c.Status.URL, c.Status.Name = "cordon@platform.invalid", "https://status.platform.invalid", "Platform"
	}
	a, b := newNode(t, "node-a", database, sink, speaks), newNode(t, "node-b", database, sink, speaks)
	ctx, operator := t.Context(), a.Registry.Operator()
	if err := a.fill(ctx, toldPeople); err != nil {
		t.Fatal(err)
	}
	a.start(ctx)
	b.start(ctx)
	if err := putOnCall(ctx, a.House, sink); err != nil {
		t.Fatal(err)
	}
	subscribeReaders(t, a, b, sink)

	d, err := a.order(ctx)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "everything is delivered", func() bool { return countsOf(t, a, d).Delivered == toldPeople })
	if _, err := b.Warden.Place(ctx, operator, cordon.Stop{Scope: cordon.Scope{Dispatch: d.ID}, Reason: "prize spam"}); err != nil {
		t.Fatal(err)
	}
	i := openedIncident(t, a)
	if err := b.Incidents.AddScope(ctx, operator, i.ID, cordon.Question{Tenant: d.Tenant, Dispatch: d.ID}); err != nil {
		t.Fatal(err)
	}
	yes := true
	if _, err := a.Incidents.Change(ctx, operator, i.ID, 0, cordon.IncidentChange{Public: &yes}); err != nil {
		t.Fatal(err)
	}
	postFirst(t, b)
	tellPeople(t, a, i)
	waitFor(t, "everybody is written to", func() bool {
		return mailTo(sink, followUp, "") >= toldPeople
	})
	waitFor(t, "the outbox is empty", func() bool { return outboxWaits(t, a) == 0 })

	if all, _, err := b.Incidents.List(ctx, operator, cordon.IncidentFilter{}, cordon.Page{}); err != nil || len(all) != 1 {
		t.Errorf("%d incidents: %v", len(all), err)
	}
	got, written := map[string]int{}, 0
	copies, _ := sink.Copies(0)
	for _, c := range copies {
		if c.To == dutyAddress || strings.HasPrefix(c.To, "reader") || strings.HasPrefix(c.To, "privacy@") {
			got[c.To+" "+c.MessageID]++
		} else if strings.Contains(c.Subject, followUp) {
			got[c.To]++
			written++
		}
	}
	if written != toldPeople {
		t.Errorf("%d letters to %d people", written, toldPeople)
	}
	for who, n := range got {
		if n != 1 {
			t.Errorf("%s: %d times", who, n)
		}
	}
	if n := mailTo(sink, "", dutyAddress); n < 2 { // the code, and the page
		t.Errorf("the duty officer got %d mails", n)
	}
	if n := mailTo(sink, "", "privacy@"+a.tenant.Handle+".example"); n != 1 {
		t.Errorf("the tenant was told %d times", n)
	}
	for n := range toldReaders {
		if got := mailTo(sink, "", reader(n)); got != 2 { // to confirm, and the post
			t.Errorf("reader %d got %d mails", n, got)
		}
	}
}

func reader(n int) string { return fmt.Sprintf("reader%02d@readers.invalid", n) }

// mailTo counts mail to addresses that end so, with the words in its subject.
func mailTo(sink *mailsink.Sink, words, address string) int64 {
	copies, _ := sink.Copies(0)
	var n int64
	for _, c := range copies {
		if strings.HasSuffix(c.To, address) && strings.Contains(c.Subject, words) {
			n++
		}
	}
	return n
}

// subscribeReaders has people subscribe at one node and confirm at the other.
func subscribeReaders(t *testing.T, a, b *benchHouse, sink *mailsink.Sink) {
	t.Helper()
	for n := range toldReaders {
		if err := a.Herald.AskSubscription(t.Context(), cordon.Address(reader(n)), fmt.Sprint("network ", n)); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the readers are asked to confirm", func() bool { return mailTo(sink, "", "@readers.invalid") == toldReaders })
	copies, _ := sink.Copies(0)
	for _, c := range copies {
		if !strings.HasSuffix(c.To, "@readers.invalid") {
			continue
		}
		token := confirmToken.FindStringSubmatch(strings.ReplaceAll(string(c.Data), "=\r\n", ""))
		if token == nil {
			t.Fatalf("no link in %q", c.Data)
		}
		if err := b.Herald.ConfirmSubscription(t.Context(), token[1]); err != nil {
			t.Fatal(err)
		}
	}
}

func openedIncident(t *testing.T, b *benchHouse) (i cordon.Incident) {
	t.Helper()
	waitFor(t, "an incident is opened", func() bool {
		all, _, err := b.Incidents.List(t.Context(), b.Registry.Operator(), cordon.IncidentFilter{}, cordon.Page{})
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 0 {
			i = all[0]
		}
		return len(all) > 0
	})
	return i
}

// postFirst signs the post that the house drafts.
func postFirst(t *testing.T, b *benchHouse) {
	t.Helper()
	var draft cordon.AnnouncementDraft
	waitFor(t, "the first post is drafted", func() bool {
		all, _, err := b.Herald.Drafts(t.Context(), b.Registry.Operator(), false, cordon.Page{})
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 0 {
			draft = all[0]
		}
		return len(all) > 0
	})
	if _, err := b.Herald.Post(t.Context(), b.Registry.Operator(), draft.ID, announce.Signature{Version: draft.Version, SignedBy: "Duty officer"}); err != nil {
		t.Fatal(err)
	}
}

// tellPeople approves the notice, follow-up included.
func tellPeople(t *testing.T, b *benchHouse, i cordon.Incident) {
	t.Helper()
	ctx, by := t.Context(), b.Registry.Operator()
	domain := b.tenant.Handle + ".example"
	if _, err := b.Notices.SetIdentity(ctx, by, cordon.NoticeIdentity{Tenant: b.tenant.ID, Name: "Platform", Address: cordon.Address("notices@" + domain)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Notices.AddContact(ctx, by, cordon.TenantContact{Tenant: b.tenant.ID, Address: cordon.Address("privacy@" + domain)}); err != nil {
		t.Fatal(err)
	}
	act, err := b.Notices.Look(ctx, by, i.ID)
	if err == nil {
		_, err = b.Notices.Approve(ctx, by, i.ID, notice.Approval{Hash: act.Hash, FollowUp: true})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func outboxWaits(t *testing.T, b *benchHouse) (n int64) {
	t.Helper()
	h, err := b.Store.OutboxHealth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range h.Counts {
		if !c.State.Done() {
			n += c.Count
		}
	}
	return n
}
