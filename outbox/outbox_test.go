package outbox_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/outbox"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// wire answers as told and remembers what it was given, and when.
type wire struct {
	mu     sync.Mutex
	answer func(o cordon.Outgoing) cordon.OutgoingOutcome
	takes  func(o cordon.Outgoing) time.Duration
	got    []try
	pings  int
}

type try struct {
	key string
	at  time.Time
	id  cordon.OutgoingID
}

func (w *wire) Send(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	w.mu.Lock()
	w.got = append(w.got, try{o.Key, time.Now(), o.ID})
	w.mu.Unlock()
	if w.takes != nil {
		select {
		case <-time.After(w.takes(o)):
		case <-ctx.Done():
			return cordon.OutgoingOutcome{State: cordon.OutgoingPending, Reply: "no answer in time"}
		}
	}
	if w.answer == nil {
		return cordon.OutgoingOutcome{State: cordon.OutgoingDelivered, Reply: "HTTP 200"}
	}
	return w.answer(o)
}

func (w *wire) Ping(context.Context, string, string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pings++
	return nil
}

func (w *wire) tries(key string) (all []time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.got {
		if t.key == key {
			all = append(all, t.at)
		}
	}
	return all
}

func running(t *testing.T, s *store.Store, w *wire, c outbox.Config) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c.Store, c.Wire, c.Node = s, w, "n"
	b := outbox.New(c)
	done := make(chan struct{})
	go func() { defer close(done); _ = b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func put(t *testing.T, s *store.Store, key string, p cordon.Purpose) {
	t.Helper()
	if err := s.EnqueueOutgoing(t.Context(), []cordon.Outgoing{{Key: key, Channel: cordon.ChannelWebhook, Purpose: p, To: "https://hooks.example/x", Subject: key}}); err != nil {
		t.Fatal(err)
	}
}

func stateOf(t *testing.T, s *store.Store, key string) cordon.Outgoing {
	t.Helper()
	list, err := s.OutgoingOf(t.Context(), key)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d messages, %v", len(list), err)
	}
	return list[0]
}

// What wakes is tried four times, fifteen seconds apart, and then is failed.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		w := &wire{answer: func(cordon.Outgoing) cordon.OutgoingOutcome { return cordon.OutgoingOutcome{Reply: "HTTP 503"} }}
		running(t, s, w, outbox.Config{})
		put(t, s, "code", cordon.PurposeVerify)
		put(t, s, "post", cordon.PurposeAnnouncement)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		tries := w.tries("code")
		if len(tries) != 4 {
			t.Fatalf("%d tries", len(tries))
		}
		for i := 1; i < 4; i++ {
			if d := tries[i].Sub(tries[i-1]); d < 15*time.Second || d > 17*time.Second {
				t.Errorf("try %d after %s", i+1, d)
			}
		}
		if o := stateOf(t, s, "code"); o.State != cordon.OutgoingFailed || o.Reply != "HTTP 503" || o.DoneAt.IsZero() {
			t.Errorf("%+v", o)
		}
		if o := stateOf(t, s, "post"); o.State != cordon.OutgoingPending {
			t.Errorf("a post is %s after ten minutes", o.State)
		}
		time.Sleep(36 * time.Hour)
		synctest.Wait()
		if o := stateOf(t, s, "post"); o.State != cordon.OutgoingFailed || len(w.tries("post")) != 11 {
			t.Errorf("a post is %s after %d tries", o.State, len(w.tries("post")))
		}
	})
}

// Slow receivers of news hold up nobody who must be woken, and a try has ten
// seconds.
func TestWakingNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		w := &wire{takes: func(o cordon.Outgoing) time.Duration {
			if o.Purpose == cordon.PurposeAnnouncement {
				return time.Hour
			}
			return 0
		}}
		running(t, s, w, outbox.Config{})
		for i := range 50 {
			put(t, s, string(rune('a'+i)), cordon.PurposeAnnouncement)
		}
		time.Sleep(time.Second)
		begun := time.Now()
		put(t, s, "code", cordon.PurposeVerify)
		time.Sleep(5 * time.Second)
		if tries := w.tries("code"); len(tries) != 1 || tries[0].Sub(begun) > time.Second {
			t.Errorf("woken after %v", tries)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if o := stateOf(t, s, "a"); o.Reply != "no answer in time" {
			t.Errorf("after eleven seconds: %+v", o)
		}
	})
}

func TestHeartbeatFallsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		w := &wire{}
		b := outbox.New(outbox.Config{Store: s, Wire: w, Node: "n", Heartbeat: "https://beat.example/x", HeartbeatEvery: time.Minute})
		if err := b.Beat(t.Context()); err != nil || w.pings != 1 {
			t.Fatalf("%d pings, %v", w.pings, err)
		}
		put(t, s, "code", cordon.PurposeVerify) // and nobody sends it
		time.Sleep(3 * time.Minute)
		if err := b.Beat(t.Context()); err == nil || w.pings != 1 {
			t.Errorf("a stuck outbox gives its heartbeat: %d pings", w.pings)
		}
		if n, err := b.Step(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d tries, %v", n, err)
		}
		if err := b.Beat(t.Context()); err != nil || w.pings != 2 {
			t.Errorf("%d pings, %v", w.pings, err)
		}
	})
}

// What cannot be written down is sent again, under the same mark.
func TestUnrecordedIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		w := &wire{}
		b := outbox.New(outbox.Config{Store: forgetful{s}, Wire: w, Node: "n"})
		put(t, s, "code", cordon.PurposeVerify)
		if _, err := b.Step(t.Context()); err == nil {
			t.Fatal("recorded")
		}
		time.Sleep(59 * time.Second)
		again := outbox.New(outbox.Config{Store: s, Wire: w, Node: "n2"})
		if n, _ := again.Step(t.Context()); n != 0 {
			t.Error("sent again within the lease")
		}
		time.Sleep(time.Second)
		if n, _ := again.Step(t.Context()); n != 1 {
			t.Error("not sent again")
		}
		if w.got[0].id != w.got[1].id || stateOf(t, s, "code").State != cordon.OutgoingDelivered {
			t.Errorf("%+v", w.got)
		}
	})
}

type forgetful struct{ *store.Store }

func (forgetful) RecordOutgoing(context.Context, string, cordon.OutgoingID, int, cordon.OutgoingResult) error {
	return errors.New("the process is dead")
}
