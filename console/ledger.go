package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/ledger"
)

type signalsPage struct {
	Signals []signalRow
	Next    string
}

type ledgerPage struct {
	Size       int64
	Root       string
	Checkpoint *cordon.Checkpoint
	Entries    []entryRow
	Next       string
	Report     *reportPage
	Witnesses  ledger.Witnessing
}

type reportPage struct {
	OK       bool
	Sentence string
}

const (
	signalsAPage = 60
	verifyFor    = 10 * time.Minute
)

func (c *Console) signals(w http.ResponseWriter, q *request) {
	page, err := c.signalsOf(q.Context(), q.actor, q.page(signalsAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	f := frame{Title: "Signals", Section: "signals", Body: page}
	if q.FormValue("after") == "" {
		f.Live = "/live/signals"
	}
	c.show(w, q, http.StatusOK, "signals", f)
}

func (c *Console) signalsLive(w http.ResponseWriter, q *request) {
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.signalsOf(ctx, q.actor, cordon.Page{Limit: signalsAPage})
		return p.parts(), err
	})
}

func (p signalsPage) parts() []part { return []part{{"signals", "part-signals", p}} }

func (c *Console) signalsOf(ctx context.Context, a cordon.Actor, at cordon.Page) (signalsPage, error) {
	var p signalsPage
	list, next, err := c.Auditor.Signals(ctx, a, a.Tenant, at)
	if err != nil {
		return p, err
	}
	p.Signals = c.signalRows(a, list)
	if next != "" {
		p.Next = "/signals?" + url.Values{"after": {next}}.Encode()
	}
	return p, nil
}

func (c *Console) ledger(w http.ResponseWriter, q *request) { c.ledgerWith(w, q, nil) }

func (c *Console) ledgerWith(w http.ResponseWriter, q *request, report *reportPage) {
	page, err := c.ledgerOf(q.Context(), q)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page.Report = report
	c.show(w, q, http.StatusOK, "ledger", frame{Title: "Ledger", Section: "ledger", Body: page})
}

// ledgerOf reads a page of entries, the newest first, the log's head and the
// last checkpoint: what the page says can be held against the log later. To look
// is not to sign.
func (c *Console) ledgerOf(ctx context.Context, q *request) (ledgerPage, error) {
	var p ledgerPage
	head, err := c.Auditor.Head(ctx)
	if err != nil {
		return p, err
	}
	p.Size, p.Root, p.Checkpoint = head.Size, head.Root, head.Checkpoint
	if p.Witnesses, err = c.Auditor.Witnesses(ctx); err != nil {
		return p, err
	}
	entries, next, err := c.Auditor.EntriesOf(ctx, q.actor, q.actor.Tenant, "", q.page(entriesAPage))
	if err != nil {
		return p, err
	}
	if next != "" {
		p.Next = "/ledger?" + url.Values{"after": {next}}.Encode()
	}
	for _, e := range entries {
		p.Entries = append(p.Entries, c.entryRow(e))
	}
	return p, nil
}

// verifyLedger re-hashes the stored data while the page waits, one at a time.
func (c *Console) verifyLedger(w http.ResponseWriter, q *request) {
	if !c.verify.TryLock() {
		c.problem(w, q, cordon.Errorf(cordon.Unavailable, "The ledger is being verified already; try again in a moment."))
		return
	}
	defer c.verify.Unlock()
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(verifyFor))
	ctx, cancel := context.WithTimeout(q.Context(), verifyFor)
	defer cancel()
	report, err := c.Auditor.Verify(ctx, q.actor, nil)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.ledgerWith(w, q, reportOf(report))
}

func reportOf(r ledger.Report) *reportPage {
	p := &reportPage{OK: r.OK}
	switch {
	case r.OK:
		p.Sentence = "All " + count(r.Entries, "entry was", "entries were") + " hashed again from what is stored, and the root is the same: " + r.Root
	case r.FirstBad >= 0:
		p.Sentence = "Entry #" + num(r.FirstBad) + " is the first that does not hold: " + sentence(r.Why)
	default:
		p.Sentence = sentence(r.Why)
	}
	return p
}
