package contain

import (
	"context"
	"time"
)

// Run moves the rows that stops and lifts have decided about already: stopped
// ones to held, and after a lift back to the queue or to cut. It is
// housekeeping: claims and the last look obey a stop long before its sweep.
func (w *Warden) Run(ctx context.Context) error {
	changed, cancel := w.store.Changed("stops")
	defer cancel()
	tick := time.NewTicker(sweepPoll)
	defer tick.Stop()
	for {
		w.sweep(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-tick.C:
		}
	}
}

// sweep goes on until nothing is left, or the store fails: then the next turn
// takes it up again.
func (w *Warden) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		moved, more, err := w.store.Sweep(ctx, sweepRows)
		if err != nil {
			if ctx.Err() == nil {
				w.log.ErrorContext(ctx, "sweep failed", "error", err)
			}
			return
		}
		if moved > 0 {
			w.log.DebugContext(ctx, "swept", "copies", moved)
		}
		if !more {
			return
		}
	}
}
