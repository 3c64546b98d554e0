package scantest

import (
	"bytes"
	"context"
	"sync"

	"github.com/cordonmail/cordon"
)

// Fake decides by the texts above, without a scanner: SpamText holds,
// RefusedText and VirusText refuse, everything else passes. The zero Fake is
// ready. It is safe for concurrent use.
type Fake struct {
	mu      sync.Mutex
	down    bool
	scanned int
}

// Down makes every answer unknown, as of a scanner that is not there, or ends
// that.
func (f *Fake) Down(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// Scanned is how many messages were shown to it.
func (f *Fake) Scanned() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.scanned
}

// Scan answers as scan.(*Scanner).Scan does.
func (f *Fake) Scan(ctx context.Context, raw []byte, _ string) cordon.Verdict {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scanned++
	v := cordon.Verdict{Decision: cordon.Pass}
	message := ""
	switch {
	case f.down || ctx.Err() != nil:
		v = cordon.Verdict{Decision: cordon.Hold, Code: cordon.Unavailable}
		message = "The spam filter (Rspamd) could not be reached, so this waits for a person."
	case bytes.Contains(raw, []byte(RefusedText)), bytes.Contains(raw, []byte(VirusText)):
		v = cordon.Verdict{Decision: cordon.Refuse, Code: cordon.Denied,
			Faults: []cordon.Fault{{Field: "content", Message: "was refused by the spam filter", Remedy: "change the message, or ask the operator why"}}}
		message = "The spam filter (Rspamd) gives this 15.0 points."
	case bytes.Contains(raw, []byte(SpamText)):
		v.Decision = cordon.Hold
		message = "The spam filter (Rspamd) gives this 8.0 points."
	}
	if message != "" {
		v.Reasons = []cordon.Reason{{Check: "scan", Decision: v.Decision, Message: message}}
	}
	return v
}
