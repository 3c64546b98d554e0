package main

import (
	"testing"

	"github.com/cordonmail/cordon"
)

// A wait that never ends is as bad as one that ends too early.
func TestAWaitEndsWhenNothingChangesByItself(t *testing.T) {
	for name, c := range map[string]struct {
		state  cordon.DispatchState
		counts cordon.Counts
		want   bool
	}{
		"being accepted":                    {cordon.DispatchAccepting, cordon.Counts{}, false},
		"some to go":                        {cordon.DispatchOpen, cordon.Counts{Delivered: 3, Queued: 1}, false},
		"one deferred":                      {cordon.DispatchOpen, cordon.Counts{Delivered: 3, Deferred: 1}, false},
		"one to be tried again":             {cordon.DispatchOpen, cordon.Counts{Delivered: 3, Uncertain: 1}, false},
		"done, one unknown for good":        {cordon.DispatchDone, cordon.Counts{Delivered: 3, Uncertain: 1}, true},
		"all held by a stop":                {cordon.DispatchOpen, cordon.Counts{Delivered: 3, Held: 1}, true},
		"the rest held, one unknown":        {cordon.DispatchOpen, cordon.Counts{Held: 1, Uncertain: 1}, true},
		"one still being sent beside those": {cordon.DispatchOpen, cordon.Counts{Held: 1, Uncertain: 1, Sending: 1}, false},
		"held for a person":                 {cordon.DispatchHeld, cordon.Counts{Held: 4}, true},
		"discarded":                         {cordon.DispatchDiscarded, cordon.Counts{Cut: 4}, true},
	} {
		if got := settledNow(cordon.Dispatch{State: c.state, Counts: c.counts}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
