package main

import (
	"encoding/base64"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/mailsink"
	"github.com/cordonmail/cordon/store/storetest"
)

const nodePeople = 3000

// Two nodes share a send. A stop at one is obeyed by both, its answer leaves
// nothing out, and a lift at the other lets both go on.
func TestTwoNodesOnOneDatabase(t *testing.T) {
	sink, database := newSink(t), storetest.Postgres(t)
	a, b := newNode(t, "node-a", database, sink), newNode(t, "node-b", database, sink)
	fillNode(t, a)
	d := orderOf(t, a)
	a.start(t.Context())
	b.start(t.Context())
	waitFor(t, "both nodes deliver", func() bool {
		return a.Runner.Stats().Delivered > 100 && b.Runner.Stats().Delivered > 100
	})

	stop, err := a.Warden.Place(t.Context(), a.Registry.Operator(), cordon.Stop{Scope: cordon.Scope{Dispatch: d.ID}, Reason: "wrong date"})
	if err != nil {
		t.Fatal(err)
	}
	said := stop.Answer
	if sum := said.Delivered + said.InFlight + said.Held + said.Refused + said.Unknown; sum != nodePeople {
		t.Errorf("the answer %+v accounts for %d of %d copies", said, sum, nodePeople)
	}
	copyOf := cordon.Delivery{Tenant: d.Tenant, Template: d.Template, Account: d.Account, Dispatch: d.ID, Kind: d.Kind}
	if !a.Board.Blocks(copyOf) {
		t.Error("the node where the stop was placed does not know it")
	}
	// The other node's poll, or the wake-up before it; then what it had past the
	// last look has its answer.
	waitFor(t, "the other node knows the stop", func() bool { return b.Board.Blocks(copyOf) })
	waitFor(t, "nothing is in flight", func() bool { return a.Board.InFlight()+b.Board.InFlight() == 0 })
	arrived := sink.Taken()
	waitFor(t, "the stop's sweep is done", func() bool {
		c := countsOf(t, a, d)
		return c.Held+c.Delivered+c.Uncertain == nodePeople
	})
	c := countsOf(t, a, d)
	if sink.Taken() != arrived {
		t.Errorf("%d arrived after both nodes knew the stop", sink.Taken()-arrived)
	}
	if c.Delivered > said.Delivered+said.InFlight || c.Held < said.Held {
		t.Errorf("the stop said %+v; %+v came of it", said, c)
	}

	second, err := b.person(t.Context(), cordon.RoleApprover)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Warden.Lift(t.Context(), second, stop.ID, cordon.Resume); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "everything is sent", func() bool {
		c := countsOf(t, a, d)
		return c.Open()+c.Held == 0
	})
	book := readBook(t, a.House)
	if doubles := book.compare(t, sink); doubles != 0 {
		t.Errorf("%d arrived twice", doubles)
	}
}

// A node is killed with copies in its hands. The other one takes them over:
// nothing is lost, and only they may arrive twice.
func TestADeadNodesCopiesAreTakenOver(t *testing.T) {
	s, database := newSite(t), storetest.Postgres(t)
	a := newNode(t, "node-a", database, s.sink)
	fillNode(t, a)
	s.env["CORDON_DATABASE"], s.env["CORDON_NODE"], s.env["CORDON_MASTER_KEY"] = database, "node-b", masterKey()
	s.serve()
	d := orderOf(t, a)
	a.start(t.Context())
	dying := func() []cordon.Ref {
		refs, err := a.Store.SendingOf(t.Context(), "node-b")
		if err != nil {
			t.Fatal(err)
		}
		return refs
	}
	waitFor(t, "both nodes send", func() bool { return len(dying()) > 0 && a.Runner.Stats().Delivered > 0 })
	s.kill()
	left := len(dying())
	if left == 0 {
		t.Error("the killed node left nothing")
	}
	waitFor(t, "everything is sent", func() bool { return countsOf(t, a, d).Open() == 0 })
	book := readBook(t, a.House)
	doubles := book.compare(t, s.sink)
	if book.unsure < left {
		t.Errorf("%d copies recorded as uncertain, the dead node had %d", book.unsure, left)
	}
	t.Logf("%d left by the dead node, %d arrived twice", left, doubles)
}

// newNode opens a house that shares the database, with a data folder of its own.
func newNode(t *testing.T, name, database string, sink *mailsink.Sink, changes ...func(*app.Config)) *benchHouse {
	t.Helper()
	config := app.DefaultConfig()
	config.Data, config.Database, config.Node = filepath.Join(t.TempDir(), name), database, name
	config.MasterKey = masterKey()
	config.Sign.DKIM = false
	config.Relay.Address, config.Relay.TLS, config.Relay.Connections = sink.Address(), "off", killConnections
	config.Queue.RetryUncertain.Duration, config.Queue.DeadAfter.Duration = time.Second, 4*time.Second
	for _, change := range changes {
		change(&config)
	}
	house, err := app.Open(t.Context(), config, app.Options{Log: app.NewLog(t.Output(), app.LogConfig{Level: "error"})})
	if err != nil {
		t.Fatal(err)
	}
	b := &benchHouse{House: house, log: io.Discard, by: house.Registry.Operator()}
	t.Cleanup(func() {
		if b.cancel != nil {
			b.cancel()
			if err := <-b.done; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := house.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	return b
}

func masterKey() string { return base64.StdEncoding.EncodeToString(storetest.Master()) }

func newSink(t *testing.T) *mailsink.Sink {
	t.Helper()
	sink, err := mailsink.Listen("127.0.0.1:0", mailsink.Config{Keep: 1, Delay: 4 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	})
	return sink
}

func fillNode(t *testing.T, b *benchHouse) {
	t.Helper()
	if err := b.fill(t.Context(), nodePeople); err != nil {
		t.Fatal(err)
	}
}

func orderOf(t *testing.T, b *benchHouse) cordon.Dispatch {
	t.Helper()
	d, err := b.order(t.Context())
	if err != nil || d.Recipients != nodePeople {
		t.Fatalf("accepted for %d: %v", d.Recipients, err)
	}
	return d
}

func countsOf(t *testing.T, b *benchHouse, d cordon.Dispatch) cordon.Counts {
	t.Helper()
	now, err := b.Store.Dispatch(t.Context(), d.Tenant, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now.Counts
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !eventually(t.Context(), 5*time.Millisecond, ok) {
		t.Fatalf("it never came that %s", what)
	}
}
