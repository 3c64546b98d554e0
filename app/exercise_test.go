package app

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/mailsink"
	"github.com/cordonmail/cordon/message"
)

// tenants is what the store says of tenants.
type tenants map[cordon.TenantID]bool // exercise

func (n tenants) Tenant(_ context.Context, id cordon.TenantID) (cordon.Tenant, error) {
	exercise, ok := n[id]
	if !ok {
		return cordon.Tenant{}, cordon.Errorf(cordon.Missing, "no tenant")
	}
	return cordon.Tenant{ID: id, Exercise: exercise}, nil
}

// far is the real relay, which fails.
type far struct{ asked int }

func (f *far) Connections() int { return 3 }

func (f *far) Send(context.Context, message.Envelope, func() bool) cordon.Outcome {
	f.asked++
	return cordon.Outcome{State: cordon.Queued, Relay: true, Reason: "connect"}
}

func letterOf(id cordon.TenantID) message.Envelope {
	return message.Envelope{Tenant: id, From: "desk@practice.example", To: "ada@people.example", Data: []byte("From: desk@practice.example\r\nTo: ada@people.example\r\nSubject: Your visit\r\n\r\nPlease ring us.\r\n")}
}

func yes() bool { return true }

func branch(t *testing.T, known tenants) (*exercises, *far) {
	t.Helper()
	real := &far{}
	x := (&House{now: time.Now}).newExercises(real, mailsink.Config{})
	x.tenants = known
	return x, real
}

func TestWhoseMailItIsMustBeKnown(t *testing.T) {
	x, real := branch(t, tenants{"ten_real": false, "ten_drill": true})
	defer x.close()
	for id, want := range map[cordon.TenantID]cordon.Outcome{
		"":            {State: cordon.Deferred, Reason: "tenant"},
		"ten_unknown": {State: cordon.Deferred, Reason: "tenant"},
	} {
		if got := x.Send(t.Context(), letterOf(id), yes); got != want || real.asked != 0 || x.sink.Taken() != 0 {
			t.Errorf("mail of %q: %+v; the relay was asked %d times, the sink took %d", id, got, real.asked, x.sink.Taken())
		}
	}
	if got := x.Send(t.Context(), letterOf("ten_real"), yes); !got.Relay || real.asked != 1 || x.sink.Taken() != 0 {
		t.Errorf("a real tenant's mail: %+v, the sink took %d", got, x.sink.Taken())
	}
	for range 2 { // known by now, too
		if got := x.Send(t.Context(), letterOf("ten_drill"), yes); got.State != cordon.Delivered || real.asked != 1 {
			t.Errorf("an exercise's mail: %+v, the relay was asked %d times", got, real.asked)
		}
	}
	if x.sink.Taken() != 2 || x.Connections() != 4 {
		t.Errorf("the sink took %d, %d connections", x.sink.Taken(), x.Connections())
	}
	held := x.Send(t.Context(), letterOf("ten_drill"), func() bool { return false })
	if held.State != cordon.HeldState || x.sink.Taken() != 2 {
		t.Errorf("after a no of the last look: %+v", held)
	}
}

// Without its sink an exercise waits: the real relay is not asked, and real mail
// does not wait with it.
func TestWithoutASinkAnExerciseWaits(t *testing.T) {
	x, real := branch(t, tenants{"ten_drill": true})
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	if got := x.Send(t.Context(), letterOf("ten_drill"), yes); got.State != cordon.Deferred || got.Relay || real.asked != 0 {
		t.Errorf("answered %+v, the relay was asked %d times", got, real.asked)
	}
	x.tenants = broken{}
	if got := x.Send(t.Context(), letterOf("ten_other"), yes); got.State != cordon.Deferred || got.Relay || real.asked != 0 {
		t.Errorf("while the store fails: %+v, the relay was asked %d times", got, real.asked)
	}
}

func TestAHouseCallsItselfWhereItListens(t *testing.T) {
	for listening, want := range map[string]string{
		"127.0.0.1:8025": "127.0.0.1:8025", "192.0.2.7:80": "192.0.2.7:80", "0.0.0.0:8025": "127.0.0.1:8025", "[::]:8025": "localhost:8025", "[::1]:8025": "[::1]:8025",
	} {
		addr, err := net.ResolveTCPAddr("tcp", listening)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(addr); got != want {
			t.Errorf("listening on %s it is called at %s, want %s", listening, got, want)
		}
	}
}

type broken struct{}

func (broken) Tenant(context.Context, cordon.TenantID) (cordon.Tenant, error) {
	return cordon.Tenant{}, errors.New("the disk is gone")
}
