package cordon_test

import (
	"testing"

	"github.com/cordonmail/cordon"
)

func TestReplyKind(t *testing.T) {
	for _, c := range []struct {
		state  cordon.DeliveryState
		reply  string
		reason string
		want   cordon.EvidenceKind
	}{
		{cordon.Delivered, "250 2.0.0", "", cordon.EvidenceDelivered},
		{cordon.Bounced, "550 5.1.1", "", cordon.EvidenceBounce},
		{cordon.Bounced, "550", "", cordon.EvidenceBounce},
		{cordon.Bounced, "552 5.2.7", "", cordon.EvidenceBounce}, // 7 in the third place is no policy
		{cordon.Bounced, "550 5.7.1", "", cordon.EvidencePolicy},
		{cordon.Bounced, "554 5.7.509", "", cordon.EvidencePolicy},
		{cordon.Bounced, "554 5.17.1", "", cordon.EvidenceBounce},
		{cordon.Deferred, "550 5.7.1", "mail", cordon.EvidencePolicy}, // the sender refused at MAIL
		{cordon.Deferred, "550 5.1.8", "mail", cordon.EvidenceError},
		{cordon.Deferred, "451 4.7.1", "", cordon.EvidenceError},
		{cordon.Deferred, "", "connection lost", cordon.EvidenceError},
		{cordon.Bounced, "451 4.2.2", "five days", cordon.EvidenceError},
		{cordon.Uncertain, "", "", ""},
		{"", "", "", ""}, // the zero outcome: not known is not bad
		{cordon.Uncertain, "299", "", cordon.EvidenceError},
		{cordon.Queued, "", "connect", ""}, // the relay's fault, not this copy's
		{cordon.Queued, "421 4.3.2", "mail", ""},
		{cordon.HeldState, "", "stopped", ""},
		{cordon.Refused, "", "decoy", ""},
	} {
		if got := cordon.ReplyKind(cordon.Outcome{State: c.state, Reply: c.reply, Reason: c.reason}); got != c.want {
			t.Errorf("%s %q %q is %q, want %q", c.state, c.reply, c.reason, got, c.want)
		}
	}
}

func TestWatchLimits(t *testing.T) {
	if faults := cordon.DefaultWatchLimits().Faults(); len(faults) > 0 {
		t.Errorf("the defaults are refused: %v", faults)
	}
	if faults := (cordon.WatchLimits{}).Faults(); len(faults) == 0 {
		t.Error("limits that name nothing are taken")
	}
	l := cordon.DefaultWatchLimits()
	l.BounceHold = 0.2
	if faults := l.Faults(); len(faults) != 1 || faults[0].Field != "bounce_hold" {
		t.Errorf("a hold above its stop: %v", faults)
	}
}
