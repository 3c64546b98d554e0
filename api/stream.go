package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// lines answers with one JSON object a line, while the work goes on. The status
// is sent with the first line: what fails before it is an ordinary problem.
type lines struct {
	x       *exchange
	now     func() time.Time
	mu      sync.Mutex
	started bool
	last    time.Time
	fault   error
}

const progressEvery = 200 * time.Millisecond

func (a *API) lines(x *exchange) *lines { return &lines{x: x, now: a.Now} }

// send writes a line and flushes it.
func (l *lines) send(v any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(v)
}

// progress writes a line unless the last one is too fresh.
func (l *lines) progress(v any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.now(); now.Sub(l.last) >= progressEvery {
		l.last = now
		l.write(v)
	}
}

func (l *lines) write(v any) {
	if l.fault != nil {
		return
	}
	if !l.started {
		l.started = true
		l.x.w.Header().Set("Content-Type", ndjsonType)
		l.x.w.WriteHeader(http.StatusOK)
	}
	if l.fault = json.NewEncoder(l.x.w).Encode(v); l.fault == nil {
		l.fault = http.NewResponseController(l.x.w).Flush()
	}
}

// problemLine is the last line of a stream whose work failed after it began.
type problemLine struct {
	Problem *Problem `json:"problem" doc:"The last line: why the work was not finished"`
}

// fail ends the stream with a problem, or returns the error when nothing has
// been sent yet.
func (a *API) fail(ctx context.Context, l *lines, err error) error {
	l.mu.Lock()
	started := l.started
	l.mu.Unlock()
	if !started {
		return err
	}
	l.send(problemLine{a.problem(ctx, l.x, err)})
	return nil
}

// patientBody reads a stream of any length: each read has its own deadline, so
// that a slow sender may take its time and a dead one holds nothing.
type patientBody struct {
	x   *exchange
	now func() time.Time
}

const idleTimeout = 2 * time.Minute

func (b *patientBody) Read(p []byte) (int, error) {
	rc := http.NewResponseController(b.x.w)
	_ = rc.SetReadDeadline(b.now().Add(idleTimeout)) // not every writer has deadlines
	n, err := b.x.r.Body.Read(p)
	if err != nil {
		_ = rc.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (a *API) body(x *exchange) io.Reader { return &patientBody{x: x, now: a.Now} }

// fullDuplex lets an answer begin before the body is read to its end.
func fullDuplex(x *exchange) {
	_ = http.NewResponseController(x.w).EnableFullDuplex() // HTTP/2 needs none
}
