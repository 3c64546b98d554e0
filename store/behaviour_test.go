package store_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// counting is a lesson that counts orders, a held one as a hundred, and lets so
// many pass.
func counting(subject cordon.Subject, most uint64) cordon.Lesson {
	return cordon.Lesson{Subject: subject, Apply: func(b cordon.Behaviour, held bool) ([]byte, bool) {
		n := counted(b) + 1
		if held {
			n += 99
		}
		return binary.BigEndian.AppendUint64(nil, n), n <= most
	}}
}

func counted(b cordon.Behaviour) uint64 {
	if len(b.State) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b.State)
}

func (p *sender) asKey() cordon.Subject {
	return cordon.Subject{Kind: cordon.SubjectKey, ID: string(p.key)}
}

// teaching gives an order what it teaches about its key.
func (p *sender) teaching(most uint64) func(*cordon.NewDispatch) {
	return func(n *cordon.NewDispatch) {
		n.Verdict.Movement = &cordon.Movement{Sender: p.asKey(), Lessons: []cordon.Lesson{
			counting(p.asKey(), most), counting(cordon.Subject{Kind: cordon.SubjectTenant, ID: string(p.tenant)}, 1000),
		}}
	}
}

func (p *sender) behaviour() cordon.Behaviour {
	p.t.Helper()
	all, err := p.s.Behaviours(context.Background(), p.tenant, []cordon.Subject{p.asKey(), {Kind: cordon.SubjectAccount, ID: "nobody"}})
	ok(p.t, err)
	if len(all) != 2 || counted(all[1]) != 0 {
		p.t.Fatalf("behaviours %+v", all)
	}
	return all[0]
}

// numbers are the positions of some of the people.
func (p *sender) numbers(of ...int) (nums []int64) {
	p.t.Helper()
	for _, i := range of {
		found, err := p.s.FindRecipients(context.Background(), p.tenant, []cordon.RecipientID{p.people[i]})
		ok(p.t, err)
		nums = append(nums, found[p.people[i]].Num)
	}
	return nums
}

func (p *sender) knows(sender cordon.Subject, of ...int) cordon.Acquaintance {
	p.t.Helper()
	a, err := p.s.Acquaintance(context.Background(), p.tenant, sender, p.numbers(of...), true)
	ok(p.t, err)
	return a
}

func TestBehaviourIsLearntWithTheOrder(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p, other := newSender(t, s, c, 10), newSender(t, s, c, 10)
		p.single(p.people[:2], p.teaching(3))
		p.single(p.people[1:3], p.teaching(3))
		if n := counted(p.behaviour()); n != 2 {
			t.Errorf("%d orders learnt", n)
		}
		if a := p.knows(p.asKey(), 0, 1, 2, 3); a.Known != 3 {
			t.Errorf("acquaintance %+v", a)
		}
		// Another tenant's store of the same names is silent.
		if a := other.knows(p.asKey(), 0, 1, 2); a.Known != 0 || counted(other.behaviour()) != 0 {
			t.Errorf("another tenant knows: %+v", a)
		}
	})
}

// What would not pass any more is not accepted, and leaves no trace.
func TestAnOrderThatMovedIsNotAccepted(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 10)
		p.single(p.people[:1], p.teaching(1))
		n := p.order(cordon.Single)
		n.Members = p.people[1:2]
		p.teaching(1)(&n)
		_, err := s.CreateDispatch(context.Background(), p.actor(), n)
		if cordon.CodeOf(err) != cordon.Conflict {
			t.Fatalf("answer %v", err)
		}
		if _, err := s.Dispatch(context.Background(), p.tenant, n.Dispatch.ID); cordon.CodeOf(err) != cordon.Missing {
			t.Errorf("the order is there: %v", err)
		}
		if counted(p.behaviour()) != 1 || p.knows(p.asKey(), 1).Known != 0 {
			t.Error("it was learnt from")
		}
		n.Dispatch.ID, n.Dispatch.State, n.Verdict.Decision = cordon.NewDispatchID(), cordon.DispatchHeld, cordon.Hold
		d := p.accept(n)
		if counted(p.behaviour()) != 101 || p.knows(p.asKey(), 1).Known != 0 {
			t.Error("what is held makes nobody known, but was tried")
		}
		c.advance(time.Minute)
		ok(t, s.ReleaseDispatch(context.Background(), operator, p.tenant, d.ID, cordon.HoldNote{}, n.Mark))
		b := p.behaviour()
		if b.PardonedAt.Before(d.AcceptedAt.Add(time.Minute)) || p.knows(p.asKey(), 1).Known != 1 {
			t.Errorf("after the release: %+v", b)
		}
	})
}

// Of many at once exactly as many pass as may.
func TestManyAtOnceAreCountedExactly(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 20)
		answers := make(chan error, 20)
		for i := range 20 {
			n := p.order(cordon.Single)
			n.Members = p.people[i : i+1]
			p.teaching(7)(&n)
			go func() {
				_, err := s.CreateDispatch(context.Background(), p.actor(), n)
				answers <- err
			}()
		}
		passed := 0
		for range 20 {
			switch err := <-answers; {
			case err == nil:
				passed++
			case cordon.CodeOf(err) != cordon.Conflict:
				t.Error(err)
			}
		}
		if passed != 7 || counted(p.behaviour()) != 7 {
			t.Errorf("%d passed, %d learnt", passed, counted(p.behaviour()))
		}
	})
}

// Near colleagues share three recipients; whom two of them write to is close.
func TestNearColleagues(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 30)
		sender := func(id string) cordon.Subject { return cordon.Subject{Kind: cordon.SubjectAccount, ID: id} }
		write := func(id string, to ...int) {
			var members []cordon.RecipientID
			for _, i := range to {
				members = append(members, p.people[i])
			}
			p.single(members, func(n *cordon.NewDispatch) {
				n.Verdict.Movement = &cordon.Movement{Sender: sender(id), Lessons: []cordon.Lesson{counting(sender(id), 1000)}}
			})
		}
		write("ann", 0, 1, 2, 3)
		write("bob", 0, 1, 2, 10, 11)
		write("cat", 1, 2, 3, 10, 12)
		write("dan", 2, 3, 11, 12) // shares but two with ann
		if a := p.knows(sender("ann"), 0, 10, 11, 12, 20); a != (cordon.Acquaintance{Known: 1, Close: 1}) {
			t.Errorf("%+v", a)
		}
		write("dan", 0)
		if a := p.knows(sender("ann"), 10, 11, 12, 20); a != (cordon.Acquaintance{Close: 3}) {
			t.Errorf("with dan near: %+v", a)
		}
		if a := p.knows(sender("eve"), 0, 1); a != (cordon.Acquaintance{}) {
			t.Errorf("a stranger: %+v", a)
		}
	})
}

// BenchmarkAcceptSingle: what learning costs a single order.
func BenchmarkAcceptSingle(b *testing.B) {
	for _, taught := range []bool{false, true} {
		name := "plain"
		if taught {
			name = "learning"
		}
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, store.Options{DataDir: b.TempDir()})
			p := newSender(b, s, newHandClock(), 1000)
			state := make([]byte, 700) // a busy profile
			lessons := func(n *cordon.NewDispatch) {
				apply := func(cordon.Behaviour, bool) ([]byte, bool) { return state, true }
				n.Verdict.Movement = &cordon.Movement{Sender: p.asKey(), Lessons: []cordon.Lesson{
					{Subject: p.asKey(), Apply: apply}, {Subject: cordon.Subject{Kind: cordon.SubjectTemplate, ID: string(p.template)}, Apply: apply},
					{Subject: cordon.Subject{Kind: cordon.SubjectTenant, ID: string(p.tenant)}, Apply: apply},
				}}
			}
			b.ResetTimer()
			began := cpuTime(b)
			for i := range b.N {
				if taught {
					p.single(p.people[i%1000:i%1000+1], lessons)
				} else {
					p.single(p.people[i%1000 : i%1000+1])
				}
			}
			b.ReportMetric(float64((cpuTime(b)-began).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}
