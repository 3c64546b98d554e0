package queue_test

import (
	"bytes"
	"context"
	"net/mail"
	"testing"

	"github.com/cordonmail/cordon/message"
)

type envelope = message.Envelope

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// ids are the Message-IDs of what the wire took.
func ids(t *testing.T, w *world) map[string]int {
	t.Helper()
	got := make(map[string]int)
	for _, env := range w.wire.taken() {
		m, err := mail.ReadMessage(bytes.NewReader(env.Data))
		w.must(err)
		got[m.Header.Get("Message-ID")]++
	}
	return got
}
