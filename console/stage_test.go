package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// stagedSend is a send to 60 people whose first ten copies have left.
func (h *house) stagedSend(p practice) cordon.Dispatch {
	h.t.Helper()
	l, err := h.store.Limits(h.ctx, p.ID)
	h.must(err)
	l.UndoBulk, l.FirstUseHold = 0, 0
	h.must(h.store.SetLimits(h.ctx, h.operator, p.ID, l))
	d := h.order(p)
	h.must(h.store.Join(h.ctx, "node"))
	lanes, err := h.store.LanesDue(h.ctx, 10)
	h.must(err)
	var g cordon.AttemptGroup
	for _, lane := range lanes {
		claims, err := h.store.ClaimDue(h.ctx, "node", lane, 100)
		h.must(err)
		for _, c := range claims {
			g.Attempts = append(g.Attempts, cordon.Attempt{Claim: c, Outcome: cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}, At: c.Delivery.At})
		}
	}
	if len(g.Attempts) != 10 {
		h.t.Fatalf("%d copies left, want the first ten", len(g.Attempts))
	}
	h.must(h.store.RecordAttempts(h.ctx, "node", g))
	return d
}

// A person holds a send on its page, lets it go on and opens the next stage, each
// with a reason, in a browser that runs no script.
func TestAReleaseIsTakenIntoAPersonsHands(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 60)
	d := h.stagedSend(p)
	path := "/dispatches/" + string(p.ID) + "/" + string(d.ID)
	b := h.signedInAs(p.approver)
	wants := func(body string, all ...string) {
		t.Helper()
		for _, want := range all {
			if !strings.Contains(body, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
	}
	_, body, _ := b.get(path)
	wants(body, "Release in stages", "copies 1 to 10", "copies 11 to 60", "Stage 1 of 2 has left.", "due in ", "Hold it here", "Open the next stage now", `name="stage" value="1"`)

	form := func(reason, stage string) url.Values { return url.Values{"reason": {reason}, "stage": {stage}} }
	for _, wrong := range []url.Values{form("", "1"), form("because", ""), form("because", "x")} {
		if status, _, _ := b.post(path+"/stage/hold", wrong); status != http.StatusUnprocessableEntity {
			t.Errorf("%v answered %d", wrong, status)
		}
	}
	_, body, at := b.post(path+"/stage/hold", form("two patients called", "1"))
	if !strings.HasSuffix(at, "?done=stage-held") {
		t.Fatalf("holding led to %s:\n%s", at, part(body, `id="fault"`))
	}
	wants(body, "The send is held.", "Stage 1 of 2 is held", "Two patients called.", "Go on where it was")
	_, body, _ = b.post(path+"/stage/resume", form("both had the old letter", "1"))
	wants(body, "The send goes on where it was.", "Both had the old letter.")
	if status, body, _ := h.signedInAs(p.author).post(path+"/stage/advance", form("it is fine", "1")); status != http.StatusForbidden {
		t.Errorf("its author advanced it: %d %s", status, part(body, `id="fault"`))
	}
	_, body, _ = b.post(path+"/stage/advance", form("the practice closes at noon", "1"))
	wants(body, "The next stage is open.", "The practice closes at noon.")
	if status, _, _ := b.post(path+"/stage/hold", form("seen too late", "1")); status != http.StatusConflict {
		t.Errorf("a change of a stage that has passed answered %d", status)
	}
	_, body, _ = h.signedIn().get(path)
	wants(body, "Stage held", "Stage opened") // in the ledger's own words
	// Whoever only looks is offered no form, and one that leaves whole has no strip.
	viewer := h.signedInAs(h.account(p.ID, "Vera Klein", cordon.RoleViewer))
	_, body, _ = viewer.get(path)
	wants(body, "Release in stages")
	if strings.Contains(body, `id="stage-reason"`) {
		t.Error("a viewer is offered the form")
	}
	small := h.practice("elm", "Elm Park Physio", 12)
	if _, body, _ = h.signedIn().get("/dispatches/" + string(small.ID) + "/" + string(h.order(small).ID)); strings.Contains(body, "Release in stages") || !strings.Contains(body, "First use of this version") {
		t.Error("a small send is shown in stages, or without its wait")
	}
}
