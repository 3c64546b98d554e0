package sim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
)

// duty NAME: somebody who can be woken, by a webhook that is verified. Pages of
// scripts are exercises: nothing of them leaves the house.
func (w *World) doDuty(_ *txtar.Archive, l line) error {
	ctx, by := context.Background(), w.operator()
	c, err := w.house.OnCall.SaveContact(ctx, by, cordon.OnCallContact{Name: l.word(0)})
	if err != nil {
		return err
	}
	// Past the desk, which would send a code: that would truly leave.
	m := cordon.ContactMethod{ID: cordon.NewMethodID(), Channel: cordon.ChannelWebhook, Target: "https://hooks.example/" + l.word(0)}
	return errors.Join(w.house.Store.AddMethod(ctx, by, c.ID, m), w.house.Store.VerifyMethod(ctx, by, m.ID, nil))
}

func (w *World) onDuty(name string) (cordon.OnCallContactID, error) {
	b, err := w.house.OnCall.Book(context.Background(), w.operator())
	if err != nil {
		return "", err
	}
	return oncall.ParseContact(b, name)
}

// policy MINUTES:NAME … [repeats=N] [fallback=NAME]: whom pages wake, one step
// after the other.
func (w *World) doPolicy(_ *txtar.Archive, l line) error {
	ctx, by := context.Background(), w.operator()
	p := cordon.Policy{Handle: "default"}
	p.Repeats, _ = strconv.Atoi(l.named["repeats"])
	for i := 0; l.word(i) != ""; i++ {
		minutes, name, _ := strings.Cut(l.word(i), ":")
		n, err := strconv.Atoi(minutes)
		if err != nil {
			return fmt.Errorf("%s is no step: say MINUTES:NAME", l.word(i))
		}
		id, err := w.onDuty(name)
		if err != nil {
			return err
		}
		p.Steps = append(p.Steps, cordon.EscalationStep{Minutes: n, Targets: []cordon.PageTarget{{Contact: id}}})
	}
	if _, err := w.house.OnCall.SavePolicy(ctx, by, p); err != nil {
		return err
	}
	if l.named["fallback"] == "" {
		return nil
	}
	id, err := w.onDuty(l.named["fallback"])
	settings := cordon.DefaultOnCallSettings()
	settings.Fallback = []cordon.OnCallContactID{id}
	return errors.Join(err, w.house.OnCall.SetSettings(ctx, by, settings))
}

// wake KEY 'TITLE': somebody is paged about it.
func (w *World) doWake(_ *txtar.Archive, l line) error {
	_, err := w.house.OnCall.Trigger(context.Background(), w.actorOr(l, w.operator()), cordon.NewPage{Key: l.word(0), Title: l.word(1), Exercise: true})
	return err
}

// lastPage is the newest page of the house.
func (w *World) lastPage() (cordon.OnCallPage, []cordon.PageEvent, error) {
	ctx, by := context.Background(), w.operator()
	list, _, err := w.house.OnCall.Pages(ctx, by, cordon.PageFilter{}, cordon.Page{Limit: 1})
	if err != nil || len(list) == 0 {
		return cordon.OnCallPage{}, nil, errors.Join(err, errors.New("nobody was paged"))
	}
	return w.house.OnCall.Page(ctx, by, list[0].ID)
}

// page acknowledge|escalate|resolve: somebody acts on the newest page.
func (w *World) doPage(_ *txtar.Archive, l line) error {
	ctx, by := context.Background(), w.actorOr(l, w.operator())
	p, _, err := w.lastPage()
	switch {
	case err != nil:
		return err
	case l.word(0) == "acknowledge":
		_, err = w.house.OnCall.Acknowledge(ctx, by, p.ID, 0)
	case l.word(0) == "escalate":
		_, err = w.house.OnCall.Escalate(ctx, by, p.ID)
	case l.word(0) == "resolve":
		_, err = w.house.OnCall.Resolve(ctx, by, p.ID)
	default:
		return fmt.Errorf("say acknowledge, escalate or resolve")
	}
	return err
}

// paged STATE [NAME=N …]: the newest page is in the state, and so many messages
// about it reached each of them, the all-clear included.
func (w *World) doPaged(_ *txtar.Archive, l line) error {
	p, events, err := w.lastPage()
	if err != nil {
		return err
	}
	if string(p.State) != l.word(0) {
		return fmt.Errorf("the page is %s, want %s", p.State, l.word(0))
	}
	got := map[cordon.OnCallContactID]int{}
	for _, e := range events {
		if e.Kind == cordon.PageEventSent {
			got[e.Contact]++
		}
	}
	for name, want := range l.named {
		id, err := w.onDuty(name)
		if err != nil {
			return err
		}
		if strconv.Itoa(got[id]) != want {
			return fmt.Errorf("%d messages reached %s, want %s", got[id], name, want)
		}
	}
	return nil
}
