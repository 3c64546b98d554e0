package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/mailsink"
)

// stopFigures is what `bench stop --json` prints; the keys are fixed.
type stopFigures struct {
	Engine         string  `json:"engine"`
	Queued         int     `json:"queued"`
	Connections    int     `json:"connections"`
	Stops          int     `json:"stops"`       // how often it was stopped and lifted
	StopMS         float64 `json:"stop_ms"`     // until the stop is acknowledged: the slowest of them
	StopMedianMS   float64 `json:"stop_p50_ms"` //
	InFlight       int64   `json:"in_flight_at_stop"`
	LeftAfter      int64   `json:"left_after_stop"` // copies that arrived after the acknowledgement, at most, of one stop
	Held           int64   `json:"held"`            // kept back by the first stop
	ResumeSeconds  float64 `json:"resume_seconds"`  // from the lift until copies arrive again: the slowest
	RestartSeconds float64 `json:"restart_seconds"` // from opening the house again until copies arrive
	PeakRSSBytes   int64   `json:"peak_rss_bytes"`
}

func benchStopCommand() *cobra.Command {
	o := benchOptions{dkim: "off"}
	var stops int
	c := &cobra.Command{Use: "stop", Short: "How fast a stop holds, with a full queue", Example: "  cordon bench stop --queued 1000000 --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if stops < 1 || stops > 1000 {
				return cordon.InvalidField("stops", "must be 1 to 1000", "")
			}
			if o.relay != "" {
				return cordon.InvalidField("relay", "does not go with bench stop", "it counts arrivals in a receiving server of its own")
			}
			return runBench(cmd, o, func(ctx context.Context, log io.Writer) (any, error) { return benchStop(ctx, o, stops, log) },
				func(w io.Writer, f any) { printStop(w, f.(stopFigures)) })
		}}
	c.Flags().IntVar(&o.recipients, "queued", 1_000_000, "copies in the queue")
	c.Flags().IntVar(&stops, "stops", 5, "how often to stop and lift")
	o.flags(c)
	return c
}

func benchStop(ctx context.Context, o benchOptions, stops int, log io.Writer) (f stopFigures, err error) {
	sink, err := mailsink.Listen("127.0.0.1:0", mailsink.Config{Delay: 2 * time.Millisecond})
	if err != nil {
		return f, err
	}
	defer sink.Close()
	o.relay = sink.Address()
	b, err := openBench(ctx, o, log)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	f = stopFigures{Engine: o.engine, Queued: o.recipients, Connections: o.connections, Stops: stops}
	if _, err := b.order(ctx); err != nil {
		return f, err
	}
	b.start(ctx)
	if _, err := b.untilArrives(ctx, sink, 200); err != nil {
		return f, err
	}
	var times []time.Duration
	for range stops {
		took, err := b.stopOnce(ctx, sink, &f)
		if err != nil {
			return f, err
		}
		times = append(times, took)
	}
	slices.Sort(times)
	f.StopMS = float64(times[len(times)-1].Microseconds()) / 1000
	f.StopMedianMS = float64(times[len(times)/2].Microseconds()) / 1000
	if err := b.restart(ctx, o, sink, &f); err != nil {
		return f, err
	}
	f.PeakRSSBytes = peakRSS()
	return f, nil
}

// stopOnce stops the tenant, counts what still arrives, and lifts again.
func (b *benchHouse) stopOnce(ctx context.Context, sink *mailsink.Sink, f *stopFigures) (time.Duration, error) {
	operator := b.Registry.Operator()
	began := time.Now()
	stop, err := b.Warden.Place(ctx, operator, cordon.Stop{Scope: cordon.Scope{Tenant: b.tenant.ID}, Reason: "measurement"})
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	arrived := sink.Taken()
	if f.Held == 0 {
		f.Held = stop.Answer.Held
	}
	f.InFlight = max(f.InFlight, stop.Answer.InFlight)
	if err := rest(ctx, 500*time.Millisecond); err != nil {
		return 0, err
	}
	f.LeftAfter = max(f.LeftAfter, sink.Taken()-arrived)
	lifted := time.Now()
	second, err := b.person(ctx, cordon.RoleApprover)
	if err != nil {
		return 0, err
	}
	if _, err := b.Warden.Lift(ctx, second, stop.ID, cordon.Resume); err != nil {
		return 0, err
	}
	if _, err := b.untilArrives(ctx, sink, 1); err != nil {
		return 0, err
	}
	f.ResumeSeconds = max(f.ResumeSeconds, time.Since(lifted).Seconds())
	return took, nil
}

func (b *benchHouse) restart(ctx context.Context, o benchOptions, sink *mailsink.Sink, f *stopFigures) error {
	if err := b.shut(); err != nil {
		return err
	}
	began := time.Now()
	if err := b.open(ctx, o); err != nil {
		return err
	}
	b.start(ctx)
	_, err := b.untilArrives(ctx, sink, 1)
	f.RestartSeconds = time.Since(began).Seconds()
	return err
}

// untilArrives waits until n more copies have arrived, at most a minute.
func (b *benchHouse) untilArrives(ctx context.Context, sink *mailsink.Sink, n int64) (int64, error) {
	from := sink.Taken()
	for deadline := time.Now().Add(time.Minute); ; {
		if now := sink.Taken(); now >= from+n {
			return now, nil
		}
		if time.Now().After(deadline) {
			return 0, errors.New("nothing arrives")
		}
		if err := rest(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func printStop(w io.Writer, f stopFigures) {
	fmt.Fprintf(w, "engine %s · %s queued · %d connections · stopped %d times\n", f.Engine, count(int64(f.Queued)), f.Connections, f.Stops)
	fmt.Fprintf(w, "  acknowledged in   %8.1f ms at most, %.1f ms in the middle\n", f.StopMS, f.StopMedianMS)
	fmt.Fprintf(w, "  left after        %8d copies (in flight at the stop: %d)\n", f.LeftAfter, f.InFlight)
	fmt.Fprintf(w, "  held              %8s\n", count(f.Held))
	fmt.Fprintf(w, "  sending again     %8.2f s after the lift, %.2f s after a restart\n", f.ResumeSeconds, f.RestartSeconds)
	fmt.Fprintf(w, "  peak rss          %8.0f MB\n", float64(f.PeakRSSBytes)/1e6)
}
