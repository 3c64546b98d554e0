package console

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	pushEvery   = time.Second
	recheckFrom = 10 // pushes between two looks at the session
	pushTimeout = 10 * time.Second
)

// piece is one live part of a page: the element's id and its content.
type piece struct {
	ID   string `json:"id"`
	HTML string `json:"html"`
}

// part names an element and the template that fills it.
type part struct {
	id, template string
	body         any
}

// stream pushes the parts of a page whenever they change, as server-sent
// events, until the viewer leaves, signs out, or the console ends. What a part
// shows comes from the same functions and templates as the page itself.
func (c *Console) stream(w http.ResponseWriter, q *request, parts func(context.Context) ([]part, error)) {
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	default:
		http.Error(w, "too many live pages are open", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must pass each event on at once
	ctx, cancel := context.WithCancel(q.Context())
	defer cancel()
	s := &eventStream{w: w, control: http.NewResponseController(w), last: map[string]string{}}
	tick := time.NewTicker(pushEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		if n > 0 && n%recheckFrom == 0 {
			if _, err := c.Registry.Session(ctx, q.secret); err != nil {
				_ = s.event("end", "{}")
				return
			}
		}
		if err := c.push(ctx, s, parts); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-c.ending.Done():
			_ = s.event("end", "{}")
			return
		case <-tick.C:
		}
	}
}

// push sends what changed, then a beat. While the parts cannot be had there is
// no beat, so the page says by itself that it is not live.
func (c *Console) push(ctx context.Context, s *eventStream, parts func(context.Context) ([]part, error)) error {
	list, err := parts(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.Log.DebugContext(ctx, "live parts are not to be had", "error", err)
		return s.comment("waiting")
	}
	for _, p := range list {
		html, err := c.pages.part(p.template, p.body)
		if err != nil {
			c.Log.ErrorContext(ctx, "live part cannot be drawn", "part", p.template, "error", err)
			return err
		}
		if err := s.piece(piece{ID: p.id, HTML: html}); err != nil {
			return err
		}
	}
	return s.event("beat", "{}")
}

// eventStream writes server-sent events and remembers what it sent.
type eventStream struct {
	w       io.Writer
	control *http.ResponseController
	last    map[string]string
}

func (s *eventStream) piece(p piece) error {
	if s.last[p.ID] == p.HTML {
		return nil
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	s.last[p.ID] = p.HTML
	return s.event("part", string(raw))
}

func (s *eventStream) event(name, data string) error {
	return s.write("event: " + name + "\ndata: " + data + "\n\n")
}

func (s *eventStream) comment(text string) error { return s.write(": " + text + "\n\n") }

func (s *eventStream) write(text string) error {
	// A server-wide write timeout must not end the stream; a viewer who stopped
	// reading must.
	_ = s.control.SetWriteDeadline(time.Now().Add(pushTimeout))
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("flush event: %w", err)
	}
	return nil
}
