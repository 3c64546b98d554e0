package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/drill"
)

// demoPractices are the invented practices of the demo.
var demoPractices = []struct{ handle, name string }{
	{"northside", "Northside Physiotherapy"},
	{"riverbank", "Riverbank Family Practice"},
	{"hillview", "Hillview Dental"},
}

const (
	demoPatients = 5000
	demoUndo     = 5 * time.Second        // shorter than the default 10 s, for the reader's sake
	demoStep     = 500 * time.Millisecond // between the stages of a recall: minutes elsewhere
)

func demoCommand() *cobra.Command {
	var listen, data string
	var exit bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Send for three invented practices, live through incident A, and say who got what",
		Long: "Runs the main job on invented data: three practices with 5,000 patients each send an\n" +
			"approved recall; a stolen key attacks as in incident A. Nothing leaves this machine.\n" +
			"The house stays up with its console until you press Ctrl-C.",
		Example: "  cordon demo\n  cordon demo --exit",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runDemo(ctx, cmd.OutOrStdout(), demoOptions{listen, data, exit})
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8025", "where the console listens; another port is taken when it is busy")
	c.Flags().StringVar(&data, "data", "", "folder to keep the demo's data in (default: a temporary one, removed at the end)")
	c.Flags().BoolVar(&exit, "exit", false, "end when the account is printed; status 0 only if every expectation held")
	return c
}

type demoOptions struct {
	listen, data string
	exit         bool
}

func runDemo(ctx context.Context, out io.Writer, o demoOptions) (err error) {
	began := time.Now()
	if o.data == "" {
		if o.data, err = os.MkdirTemp("", "cordon-demo-"); err != nil {
			return fmt.Errorf("demo folder: %w", err)
		}
		defer os.RemoveAll(o.data)
	} else if entries, err := os.ReadDir(o.data); err == nil && len(entries) > 0 {
		return cordon.InvalidField("data", "is not empty", "the demo makes its own house: name a new folder")
	}
	logFile, err := demoLog(o.data)
	if err != nil {
		return err
	}
	defer logFile.Close()
	config := app.DefaultConfig()
	config.Data = o.data
	config.Listen = freeAddress(o.listen)
	config.Status.Listen = freeAddress("127.0.0.1:8026")
	config.Status.URL = "http://" + config.Status.Listen
	config.Status.Name = "The platform (EXERCISE)"
	s, err := openStage(ctx, config, app.Options{Log: app.NewLog(logFile, config.Log)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	d := &demo{stage: s, out: out, began: began}
	ok, err := d.run(ctx)
	if err != nil {
		return err
	}
	if o.exit {
		if !ok {
			return silent{1}
		}
		return nil
	}
	link, err := s.link(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n  The house stays up. Look around: %s\n  (the link works once, for 15 minutes; Ctrl-C ends the demo)\n", link)
	<-ctx.Done()
	fmt.Fprintln(out, "\n  stopped")
	return nil
}

func demoLog(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, cordon.InvalidField("data", "cannot be made", "choose a folder that can be written")
	}
	f, err := os.OpenFile(filepath.Join(dir, "demo.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("demo log: %w", err)
	}
	return f, nil
}

// freeAddress is the address, or another port of its host when it is taken.
func freeAddress(address string) string {
	l, err := net.Listen("tcp", address)
	if err == nil {
		l.Close()
		return address
	}
	host, _, _ := net.SplitHostPort(address)
	return net.JoinHostPort(host, "0")
}

// demo is one run: the practices, the recall, the drill and the account.
type demo struct {
	stage     *stage
	out       io.Writer
	began     time.Time
	practices []*drill.Practice
	recalls   []cordon.Dispatch
	told      int // stages of the first bystander's recall, as they passed
	report    drill.Report
	checks    []drill.Expectation
}

func (d *demo) run(ctx context.Context) (bool, error) {
	fmt.Fprintf(d.out, "\n  Cordon demo · three practices, one stolen key · nothing leaves this machine\n\n")
	rehearsal := d.stage.rehearsal(demoUndo, demoStep, func(what string) { d.tell("  drill · %s", what) })
	for _, p := range demoPractices {
		practice, err := rehearsal.Open(ctx, p.handle, p.name, demoPatients)
		if err != nil {
			return false, err
		}
		d.practices = append(d.practices, practice)
		d.tell("%s: %s patients imported and sealed, %d decoys planted, letters approved by a second person",
			p.name, count(int64(len(practice.Patients))), len(practice.Decoys))
	}
	if err := d.recall(ctx, rehearsal); err != nil {
		return false, err
	}
	var err error
	if d.report, err = rehearsal.Run(ctx, "id-walk", d.practices, drill.Options{EdgeFault: true, Untold: true}); err != nil {
		return false, err
	}
	// Authority and approval are in order here: only what the letter shows is not.
	swapped, _, err := rehearsal.SwappedTemplates(ctx, d.practices[len(d.practices)-1])
	if err != nil {
		return false, err
	}
	d.report = d.report.With(swapped...)
	if err := d.finish(ctx); err != nil {
		return false, err
	}
	ok, err := d.account(ctx)
	if err != nil {
		return false, err
	}
	told, err := d.tellIncidents(ctx, rehearsal)
	return ok && told, err
}

// recall sends the approved recall of every practice, and waits until the drill
// has something to interrupt.
func (d *demo) recall(ctx context.Context, rehearsal *drill.Rehearsal) error {
	for _, p := range d.practices {
		dispatch, err := rehearsal.Recall(ctx, p)
		if err != nil {
			return err
		}
		d.recalls = append(d.recalls, dispatch)
		d.tell("%s: recall to %s patients accepted", p.Name, count(int64(dispatch.Recipients)))
	}
	return d.watch(ctx, func(sent, total int64) bool { return sent*12 >= total })
}

// finish waits until whatever may still leave has left.
func (d *demo) finish(ctx context.Context) error {
	return d.watch(ctx, func(sent, total int64) bool { return sent >= total })
}

// watch shows the recall's progress until done says so. A copy that is held
// counts as settled: it will not leave by itself.
func (d *demo) watch(ctx context.Context, done func(settled, total int64) bool) error {
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	for {
		var settled, total int64
		for _, recall := range d.recalls {
			now, err := d.stage.house.Desk.Dispatch(ctx, d.stage.house.Registry.Operator(), recall.Tenant, recall.ID)
			if err != nil {
				return err
			}
			blocked, err := d.blocked(ctx, now)
			if err != nil {
				return err
			}
			total += int64(now.Recipients)
			settled += int64(now.Recipients) - now.Counts.Open()
			if now.State == cordon.DispatchDone { // some perhaps delivered, for good
				settled += now.Counts.Uncertain
			}
			if blocked {
				settled += now.Counts.Queued + now.Counts.Deferred
			}
		}
		if err := d.tellStages(ctx); err != nil {
			return err
		}
		d.progress("recall · %s of %s settled", count(settled), count(total))
		if done(settled, total) {
			d.endProgress()
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

// bystander is the first practice that the intruder leaves alone.
const bystander = 1

// tellStages says which stages of a bystander's recall have passed, and why.
func (d *demo) tellStages(ctx context.Context) error {
	recall := d.recalls[bystander]
	stages, err := d.stage.house.Warden.Stages(ctx, d.stage.house.Registry.Operator(), recall.Tenant, recall.ID)
	for _, s := range stages {
		if s.State == cordon.StageDone && s.Number > d.told {
			d.told = s.Number
			d.tell("%s: stage %d of %d passed: %s", d.practices[bystander].Name, s.Number, s.Of, s.Reason)
		}
	}
	return err
}

// blocked says whether a stop keeps the rest of a dispatch back.
func (d *demo) blocked(ctx context.Context, dispatch cordon.Dispatch) (bool, error) {
	stops, err := d.stage.house.Store.ActiveStops(ctx)
	for _, s := range stops {
		if s.Scope.Blocks(cordon.Delivery{Tenant: dispatch.Tenant, Template: dispatch.Template, Account: dispatch.Account,
			Key: dispatch.Key, Dispatch: dispatch.ID, Kind: dispatch.Kind}) {
			return true, nil
		}
	}
	return false, err
}

func (d *demo) tell(format string, args ...any) {
	d.endProgress()
	fmt.Fprintf(d.out, "  %5.1fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// progress rewrites one line on a terminal, and says nothing in a pipe.
func (d *demo) progress(format string, args ...any) {
	if terminal(d.out, os.Getenv) {
		fmt.Fprintf(d.out, "\r\033[K  %5.1fs  %s", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
	}
}

func (d *demo) endProgress() {
	if terminal(d.out, os.Getenv) {
		fmt.Fprint(d.out, "\r\033[K")
	}
}
