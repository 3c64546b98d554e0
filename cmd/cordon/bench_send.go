package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/mailsink"
)

// sendFigures is what `bench send --json` prints; the keys are fixed.
type sendFigures struct {
	Engine           string  `json:"engine"`
	Recipients       int     `json:"recipients"`
	DKIM             bool    `json:"dkim"`
	SizeBytes        int64   `json:"size_bytes"`
	Connections      int     `json:"connections"`
	ImportSeconds    float64 `json:"import_seconds"`
	AcceptSeconds    float64 `json:"accept_seconds"`
	SendSeconds      float64 `json:"send_seconds"`
	PerSecond        float64 `json:"messages_per_second"` // recipients ÷ (accept + send)
	CPUSeconds       float64 `json:"cpu_seconds"`         // of this process, accept and send
	PeakRSSBytes     int64   `json:"peak_rss_bytes"`
	DiskPerRecipient float64 `json:"disk_bytes_per_recipient"`
	SignOneCore      float64 `json:"sign_per_second_per_core"` // RSA-2048, one core while the others rest; 0 with --dkim off
	SignPerSecond    float64 `json:"sign_per_second"`          // all cores at once, before and after the send: the bound
	Delivered        int64   `json:"delivered"`
	Failed           int64   `json:"failed"`
}

func benchSendCommand() *cobra.Command {
	var o benchOptions
	c := &cobra.Command{Use: "send", Short: "End to end: from accept to recorded result",
		Example: "  smtp-sink 127.0.0.1:2526 512 &\n  cordon bench send --recipients 100000 --relay 127.0.0.1:2526 --dkim off --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBench(cmd, o, func(ctx context.Context, log io.Writer) (any, error) { return benchSend(ctx, o, log) },
				func(w io.Writer, f any) { printSend(w, f.(sendFigures)) })
		}}
	c.Flags().IntVar(&o.recipients, "recipients", 100_000, "how many")
	c.Flags().StringVar(&o.dkim, "dkim", "on", "on: sign each message (RSA-2048); off: the relay signs")
	o.flags(c)
	return c
}

func benchSend(ctx context.Context, o benchOptions, log io.Writer) (f sendFigures, err error) {
	if o.relay == "" {
		sink, err := mailsink.Listen("127.0.0.1:0", mailsink.Config{})
		if err != nil {
			return f, err
		}
		defer sink.Close()
		o.relay = sink.Address()
	}
	b, err := openBench(ctx, o, log)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	f = sendFigures{Engine: o.engine, Recipients: o.recipients, DKIM: o.dkim == "on", Connections: o.connections, ImportSeconds: b.importing.Seconds()}
	if f.DKIM {
		if f.SignOneCore, err = signRate(1); err != nil {
			return f, err
		}
		if f.SignPerSecond, err = signRate(runtime.GOMAXPROCS(0)); err != nil {
			return f, err
		}
	}
	before, err := b.diskUse(ctx)
	if err != nil {
		return f, err
	}
	cpu, began := cpuSeconds(), time.Now()
	dispatch, err := b.order(ctx)
	if err != nil {
		return f, err
	}
	f.AcceptSeconds = time.Since(began).Seconds()
	b.start(ctx)
	counts, err := b.untilSettled(ctx, dispatch)
	if err != nil {
		return f, err
	}
	f.SendSeconds = time.Since(began).Seconds() - f.AcceptSeconds
	f.CPUSeconds = cpuSeconds() - cpu
	if f.DKIM {
		after, err := signRate(runtime.GOMAXPROCS(0))
		if err != nil {
			return f, err
		}
		f.SignPerSecond = (f.SignPerSecond + after) / 2
	}
	f.PerSecond = float64(o.recipients) / (f.AcceptSeconds + f.SendSeconds)
	f.Delivered, f.Failed = counts.Delivered, counts.Total()-counts.Delivered
	f.PeakRSSBytes = peakRSS()
	f.SizeBytes = b.wire.bytes.Load() / max(1, b.wire.messages.Load())
	after, err := b.diskUse(ctx)
	f.DiskPerRecipient = float64(after-before) / float64(o.recipients)
	return f, err
}

// untilSettled waits until every copy has a recorded result.
func (b *benchHouse) untilSettled(ctx context.Context, d cordon.Dispatch) (cordon.Counts, error) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		now, err := b.Store.Dispatch(ctx, d.Tenant, d.ID)
		if err != nil {
			return cordon.Counts{}, err
		}
		if c := now.Counts; c.Open()-c.Deferred-c.Uncertain == 0 {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return cordon.Counts{}, ctx.Err()
		case err := <-b.done:
			return cordon.Counts{}, fmt.Errorf("the house stopped: %w", err)
		case <-look.C:
		}
	}
}

// signRate is how many RSA-2048 signatures so many workers make together in a
// second, measured for one. Cores that share their circuits make fewer together
// than one of them alone would promise.
func signRate(workers int) (float64, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return 0, fmt.Errorf("bench key: %w", err)
	}
	digest := sha256.Sum256([]byte("bench"))
	var made atomic.Int64
	var group errgroup.Group
	began := time.Now()
	for range workers {
		group.Go(func() error {
			for time.Since(began) < time.Second {
				if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
					return fmt.Errorf("bench signature: %w", err)
				}
				made.Add(1)
			}
			return nil
		})
	}
	err = group.Wait()
	return float64(made.Load()) / time.Since(began).Seconds(), err
}

func printSend(w io.Writer, f sendFigures) {
	fmt.Fprintf(w, "engine %s · %s recipients · %d bytes a message · %d connections · dkim %v\n", f.Engine, count(int64(f.Recipients)), f.SizeBytes, f.Connections, f.DKIM)
	fmt.Fprintf(w, "  import    %8.2f s\n  accept    %8.2f s\n  send      %8.2f s\n", f.ImportSeconds, f.AcceptSeconds, f.SendSeconds)
	fmt.Fprintf(w, "  rate      %8.0f messages/s, from accept to recorded result\n", f.PerSecond)
	fmt.Fprintf(w, "  cpu       %8.2f s (%.3f ms a message)\n", f.CPUSeconds, f.CPUSeconds*1000/float64(f.Recipients))
	fmt.Fprintf(w, "  peak rss  %8.0f MB\n  disk      %8.0f bytes a recipient\n", float64(f.PeakRSSBytes)/1e6, f.DiskPerRecipient)
	if f.DKIM {
		fmt.Fprintf(w, "  signing   %8.0f a second on all cores at once, the bound (one alone: %.0f); this send reached %.2f of it\n",
			f.SignPerSecond, f.SignOneCore, f.PerSecond/f.SignPerSecond)
	}
	fmt.Fprintf(w, "  delivered %8s, failed %s\n", count(f.Delivered), count(f.Failed))
}
