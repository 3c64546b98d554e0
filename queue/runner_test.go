package queue_test

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/queue"
	"github.com/cordonmail/cordon/relay"
	"github.com/cordonmail/cordon/store/storetest"
)

// A bulk send reaches everyone once, personalised, recorded and signed.
func TestABulkSendReachesEveryoneOnce(t *testing.T) {
	w := real(t)
	p := w.practice("clinic", 300)
	d := p.bulk()
	r, stop := w.start(func(c *queue.Config) { c.Signer = relay.NewSigner(0) })
	got := w.settled(d)
	stop()
	if got.Delivered != 300 || got.Total() != 300 {
		t.Fatalf("counts %+v", got)
	}
	to := w.wire.to()
	for i := range 300 {
		if a := p.person(i).Address; to[a] != 1 {
			t.Errorf("%d copies to person %d", to[a], i)
		}
	}
	ids := make(map[string]bool)
	for _, env := range w.wire.taken() {
		m, err := mail.ReadMessage(bytes.NewReader(env.Data))
		w.must(err)
		if m.Header.Get("Subject") != "Your visit, Pat Example" || !strings.Contains(m.Header.Get("DKIM-Signature"), "d=clinic.example") {
			t.Fatalf("headers %v", m.Header)
		}
		if m.Header.Get("Auto-Submitted") != "auto-generated" || m.Header.Get("List-Unsubscribe") != "" || m.Header.Get("Feedback-ID") == "" {
			t.Fatalf("headers %v", m.Header)
		}
		for _, secret := range []string{string(d.ID), string(p.ID), string(p.key)} {
			if bytes.Contains(env.Data, []byte(secret)) {
				t.Fatalf("a header tells %s", secret)
			}
		}
		ids[m.Header.Get("Message-ID")] = true
	}
	if len(ids) != 300 {
		t.Errorf("%d Message-IDs for 300 copies", len(ids))
	}
	if s := r.Stats(); s.Delivered != 300 || s.Signed != 300 || s.Recorded != 300 || s.InFlight != 0 || s.Backlog != 0 {
		t.Errorf("stats %+v", s)
	}
	if w.board.InFlight() != 0 {
		t.Errorf("%d copies in flight for ever", w.board.InFlight())
	}
}

// A stop placed while copies stand between the looks keeps them back; none that
// came to the last look after it leaves.
func TestAStopHoldsWhatHasNotPassedTheLastLook(t *testing.T) {
	w := real(t)
	p := w.practice("clinic", 200)
	d := p.bulk()
	placed := make(chan struct{})
	w.wire.answer = func(n int, _ envelope) cordon.Outcome {
		if n == 20 {
			_, err := w.store.PlaceStop(w.ctx, operator, cordon.Stop{
				ID: cordon.NewStopID(), Scope: cordon.Scope{Dispatch: d.ID}, Reason: "wrong date", PlacedBy: "operator", PlacedAt: time.Now(),
			}, nil)
			w.must(err)
			w.must(w.board.Refresh(w.ctx))
			close(placed)
		} else if n > 20 {
			<-placed
		}
		return cordon.Outcome{State: cordon.Delivered, Reply: "250"}
	}
	_, stop := w.start()
	<-placed
	w.books.until(t, "nothing is being sent", func() bool { return w.counts(d).Sending == 0 })
	stop()
	if n := len(w.wire.taken()); n > 19 {
		t.Errorf("%d copies left, at most 19 were past the last look", n)
	}
	if got := w.counts(d); got.Delivered != int64(len(w.wire.taken())) || got.Queued+got.Held+got.Delivered != 200 {
		t.Errorf("counts %+v, %d left", got, len(w.wire.taken()))
	}
}

// At the end what is in flight finishes and is recorded; the rest is queued
// again, and no copy is left in sending.
func TestShutdownLeavesNothingInSending(t *testing.T) {
	const people, quick, wires = 500, 20, 3
	began, took := time.Now(), atomic.Int64{} // each copy takes 10 ms: at such a pace some are claimed ahead
	w := newWorld(t, storetest.New(t), func() time.Time { return began.Add(time.Duration(took.Load())) })
	p := w.practice("clinic", people)
	d := p.bulk()
	var sent atomic.Int64
	gate := make(chan struct{})
	w.wire.busy = func(envelope) {
		if sent.Add(1) > quick {
			w.wire.bell.ring()
			<-gate
			return
		}
		took.Add(int64(10 * time.Millisecond))
	}
	_, stop := w.start(func(c *queue.Config) { c.Connections = wires + 1 }) // one is kept for single letters
	w.wire.bell.until(t, "every connection waits for an answer", func() bool { return sent.Load() == quick+wires })
	w.books.until(t, "some wait in memory", func() bool { c := w.counts(d); return c.Delivered == quick && c.Sending > wires })
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	w.books.until(t, "what is not in flight is given back", func() bool { return w.counts(d).Sending == wires })
	close(gate)
	<-stopped
	if got := w.counts(d); got != (cordon.Counts{Delivered: quick + wires, Queued: people - quick - wires}) || len(w.wire.taken()) != quick+wires {
		t.Errorf("counts %+v, %d left", got, len(w.wire.taken()))
	}
}

// A board that does not know the stops lets nothing go.
func TestWithoutKnowledgeOfTheStopsNothingLeaves(t *testing.T) {
	w := real(t)
	p := w.practice("clinic", 20)
	d := p.bulk()
	b := &blind{bell: newBell()}
	_, stop := w.start(func(c *queue.Config) { c.Board = b })
	b.bell.until(t, "the board is asked again and again", func() bool { return b.asked.Load() > 10 })
	stop()
	if got := w.counts(d); len(w.wire.taken()) != 0 || got.Queued != 20 {
		t.Errorf("%d left, counts %+v", len(w.wire.taken()), got)
	}
}

// blind is a board that has lost the store.
type blind struct {
	asked atomic.Int64
	bell  *bell
}

func (*blind) Blocks(cordon.Delivery) bool            { return false }
func (*blind) Enter(cordon.Ref, cordon.Delivery) bool { return true }
func (*blind) Leave([]cordon.Ref)                     {}

func (b *blind) Fresh() bool {
	b.asked.Add(1)
	b.bell.ring()
	return false
}

// A second process on the same data folder does not send.
func TestOneProcessADataFolder(t *testing.T) {
	w := real(t)
	d := w.practice("clinic", 1).bulk()
	_, stop := w.start()
	defer stop()
	w.books.until(t, "the first runs", func() bool { return w.counts(d).Delivered == 1 })
	err := queue.New(queue.Config{Store: w.store, Relay: w.wire, Board: w.board, Node: node, Dir: w.dir}).Run(cancelled())
	if cordon.CodeOf(err) != cordon.Conflict {
		t.Errorf("the second ran: %v", err)
	}
}

// A single letter of a bystander does not wait behind a bulk send that hangs in
// the relay: it has a connection of its own, or is next where there is only one.
func TestABystandersLetterPassesASlowBulk(t *testing.T) {
	for connections, before := range map[int]int{4: 0, 1: 1} {
		t.Run(fmt.Sprintf("%d connections", connections), func(t *testing.T) {
			w := real(t)
			storm, bystander := w.practice("storm", 200), w.practice("clinic", 1)
			to := bystander.person(0).Address
			gate := make(chan struct{})
			w.wire.busy = func(env envelope) {
				if env.To != to {
					<-gate // for each copy of the bulk once
				}
			}
			storm.bulk()
			_, stop := w.start(func(c *queue.Config) { c.Connections = connections })
			defer func() { close(gate); stop() }()
			const underWay = 20
			for range underWay {
				gate <- struct{}{}
			}
			w.wire.bell.until(t, "the bulk is under way", func() bool { return len(w.wire.taken()) == underWay })
			letter := bystander.single(bystander.people[0])
			w.books.until(t, "the letter is claimed", func() bool { c := w.counts(letter); return c.Sending+c.Delivered == 1 })
			claimed := w.looks.Load()
			w.books.until(t, "the claim is done", func() bool { return w.looks.Load() > claimed })
			for range before {
				gate <- struct{}{}
			}
			w.wire.bell.until(t, "the letter leaves", func() bool { return w.wire.to()[to] == 1 })
			if passed := len(w.wire.taken()) - underWay - 1; passed > before {
				t.Errorf("%d copies of the bulk went first", passed)
			}
		})
	}
}

// Permanent and transient answers, and the relay's own faults, are recorded as
// what they are.
func TestAnswersAreRecorded(t *testing.T) {
	w := real(t)
	p := w.practice("clinic", 4)
	d := p.bulk()
	w.wire.answer = func(_ int, env envelope) cordon.Outcome {
		switch env.To {
		case p.person(0).Address:
			return cordon.Outcome{State: cordon.Bounced, Reply: "550 5.7.1"}
		case p.person(1).Address:
			return cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}
		case p.person(2).Address:
			return cordon.Outcome{} // nothing known is uncertain
		}
		return cordon.Outcome{State: cordon.Delivered, Reply: "250"}
	}
	_, stop := w.start()
	got := w.settled(d)
	stop()
	if want := (cordon.Counts{Bounced: 1, Deferred: 1, Uncertain: 1, Delivered: 1}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}
