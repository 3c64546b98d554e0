package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/drill"
)

func (sh *shell) drillCommand() *cobra.Command {
	c := &cobra.Command{Use: "drill", Short: "Rehearse an incident",
		Long: "Rehearses an incident on the house that runs (--server, or the data folder's), on\n" +
			"practices made for the exercise and erased afterwards; where none runs, on a house\n" +
			"of its own in a temporary folder. Exercise mail goes to a receiving server inside\n" +
			"the house, never to the relay. Everything is marked EXERCISE."}
	c.AddCommand(sh.drillList(), sh.drillShow(), sh.drillRun())
	return c
}

// houseRuns says whether there is a running house to rehearse on.
func (sh *shell) houseRuns() bool {
	return sh.server != "" || answers(filepath.Join(sh.data, app.SocketName))
}

// drillsJSON is what GET /v1/drills answers.
type drillsJSON struct {
	Drills []drill.Drill `json:"drills"`
	Runs   []drill.Run   `json:"runs,omitempty"`
}

func (sh *shell) drillList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the drills, and the latest runs of the running house", Example: "  cordon drill list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := drillsJSON{Drills: drill.List()}
			if sh.houseRuns() {
				if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/drills"}, &all); err != nil {
					return err
				}
			}
			return sh.answer(all, func() {
				for _, d := range all.Drills {
					sh.say("%s\n  models  %s\n  does    %s\n  must    %s", d.Name, d.Models, d.Says, d.Must)
				}
				var rows [][]string
				for _, r := range all.Runs {
					rows = append(rows, []string{string(r.ID), r.Drill, stamp(r.StartedAt), string(r.State)})
				}
				if len(rows) > 0 {
					sh.say("")
					sh.table("RUN DRILL STARTED STATE", rows)
				}
			})
		}}
}

func (sh *shell) drillShow() *cobra.Command {
	return &cobra.Command{Use: "show RUN", Short: "Show a run of the running house", Example: "  cordon drill show run_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !sh.houseRuns() {
				return noHouse()
			}
			var run drill.Run
			if err := sh.ask(cmd.Context(), request{method: get, path: runPath(args[0])}, &run); err != nil {
				return err
			}
			return sh.answer(run, func() {
				for _, s := range run.Progress {
					sh.say("%5.1fs  %s", s.At.Sub(run.StartedAt).Seconds(), s.Text)
				}
				if run.Fault != "" {
					sh.say("%s", run.Fault)
				}
				if run.Report == nil {
					sh.say("\nEXERCISE %s: %s", run.Drill, run.State)
					return
				}
				printReport(sh.out, *run.Report)
			})
		}}
}

func noHouse() error {
	return &cordon.Error{Code: cordon.Unavailable, Field: "drill", Message: "no house runs on this data folder", Remedy: "name one with --server or --data; runs are kept by the house they ran on"}
}

func runPath(id string) string { return "/v1/drill-runs/" + url.PathEscape(id) }

type drillOptions struct {
	name      string
	edgeFault bool
	every     time.Duration
	own       bool
	database  string
	patients  int
}

func (sh *shell) drillRun() *cobra.Command {
	var o drillOptions
	c := &cobra.Command{Use: "run NAME|all", Short: "Run a drill and say what was seen",
		Example: "  cordon drill run id-walk --edge-fault\n  cordon drill run all --own --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run := sh.drillThere
			own := o.own || cmd.Flags().Changed("database") || cmd.Flags().Changed("patients")
			if own || !sh.houseRuns() {
				run = sh.drillHere
			}
			if o.name = args[0]; o.name == "all" {
				return sh.drillAll(cmd.Context(), run, o)
			}
			report, err := run(cmd.Context(), o)
			if err != nil {
				return err
			}
			err = sh.answer(report, func() { printReport(sh.out, report) })
			if err == nil && !report.OK {
				err = silent{1}
			}
			return err
		}}
	c.Flags().BoolVar(&o.edgeFault, "edge-fault", false, "also slip copies into the queue as if the door's check were missing")
	c.Flags().DurationVar(&o.every, "every", 0, "slow-drip: from one message to the next, up to 1m (default 1s)")
	c.Flags().BoolVar(&o.own, "own", false, "on a house of its own, even where one runs")
	c.Flags().StringVar(&o.database, "database", "", "of a house of its own: postgres://… of an empty database (default: embedded)")
	c.Flags().IntVar(&o.patients, "patients", 1000, "of a house of its own: invented patients of each exercise practice")
	return c
}

// drillAll runs every drill, one after the other, and folds them into one report.
func (sh *shell) drillAll(ctx context.Context, run func(context.Context, drillOptions) (drill.Report, error), o drillOptions) error {
	o.edgeFault = true
	var reports []drill.Report
	for _, d := range drill.List() {
		o.name = d.Name
		sh.note("%s", d.Name)
		report, err := run(ctx, o)
		if err != nil {
			return fmt.Errorf("drill %s: %w", d.Name, err)
		}
		reports = append(reports, report)
	}
	all := drill.Fold("all", reports)
	err := sh.answer(all, func() {
		for _, report := range reports {
			printReport(sh.out, report)
			sh.say("")
		}
	})
	if err == nil && !all.OK {
		err = silent{1}
	}
	return err
}

const drillPoll = 300 * time.Millisecond

// drillThere rehearses on the running house, and tells its progress.
func (sh *shell) drillThere(ctx context.Context, o drillOptions) (drill.Report, error) {
	var run drill.Run
	r := request{method: post, path: "/v1/drills/" + url.PathEscape(o.name) + "/runs", json: map[string]any{"edge_fault": o.edgeFault, "every": o.every.String()}}
	if err := sh.ask(ctx, r, &run); err != nil {
		return drill.Report{}, err
	}
	look := time.NewTicker(drillPoll)
	defer look.Stop()
	for told := 0; ; {
		for ; told < len(run.Progress); told++ {
			sh.note("%5.1fs  %s", run.Progress[told].At.Sub(run.StartedAt).Seconds(), run.Progress[told].Text)
		}
		if run.State != drill.Running {
			return reportOf(run)
		}
		select {
		case <-ctx.Done():
			return drill.Report{}, &cordon.Error{Code: cordon.Unavailable, Field: "drill", Message: "was interrupted here; on the house it goes on", Remedy: "cordon drill show " + string(run.ID)}
		case <-look.C:
		}
		if err := sh.ask(ctx, request{method: get, path: runPath(string(run.ID))}, &run); err != nil && ctx.Err() == nil {
			return drill.Report{}, err
		}
	}
}

func reportOf(run drill.Run) (drill.Report, error) {
	if run.Report == nil {
		return drill.Report{}, &cordon.Error{Code: cordon.Unavailable, Field: "drill", Message: "was not brought to its end: " + run.Fault, Remedy: "a broken run proves nothing; run it again"}
	}
	return *run.Report, nil
}

// drillHere rehearses on a house of its own.
func (sh *shell) drillHere(ctx context.Context, o drillOptions) (drill.Report, error) {
	return runDrill(ctx, sh.err, o)
}

// runDrill makes a house for the exercise alone and removes it afterwards,
// whatever happens.
func runDrill(ctx context.Context, progress io.Writer, o drillOptions) (report drill.Report, err error) {
	if o.patients < 200 || o.patients > 1_000_000 {
		return report, cordon.InvalidField("patients", "must be 200 to 1,000,000", "")
	}
	all := drill.List()
	at := slices.IndexFunc(all, func(d drill.Drill) bool { return d.Name == o.name })
	if at < 0 {
		return report, cordon.InvalidField("drill", fmt.Sprintf("%q is not a drill", o.name), "see cordon drill list")
	}
	dir, err := os.MkdirTemp("", "cordon-drill-")
	if err != nil {
		return report, fmt.Errorf("drill folder: %w", err)
	}
	defer os.RemoveAll(dir)
	config := app.DefaultConfig()
	config.Data, config.Database, config.Listen = dir, o.database, "127.0.0.1:0"
	s, err := openStage(ctx, config, app.Options{Log: app.NewLog(io.Discard, config.Log)})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	began := time.Now()
	r := s.rehearsal(0, 0, func(what string) { fmt.Fprintf(progress, "%5.1fs  %s\n", time.Since(began).Seconds(), what) })
	var practices []*drill.Practice
	for n := range all[at].Practices {
		p, err := r.Open(ctx, fmt.Sprintf("exercise-%d-%s", n+1, cordon.RandomText(6)), fmt.Sprintf("EXERCISE %d", n+1), o.patients)
		if err != nil {
			return report, err
		}
		practices = append(practices, p)
	}
	return r.Run(ctx, o.name, practices, drill.Options{EdgeFault: o.edgeFault, Every: o.every})
}

func printReport(w io.Writer, report drill.Report) {
	for _, v := range report.Variants {
		fmt.Fprintf(w, "%-18s %-6s tried %-6d refused %-6d bad copies out %d\n", v.Name, mark(v.OK), v.Tried, v.Refused, v.BadCopiesOut)
		for _, e := range v.Expectations {
			if !e.OK {
				fmt.Fprintf(w, "  FAILED  %s: want %s, got %s\n", e.Name, e.Want, e.Got)
			}
		}
	}
	fmt.Fprintf(w, "\nEXERCISE %s: %s · bad copies out %d · time to detect %s · time to contain %s\n",
		report.Drill, mark(report.OK), report.BadCopiesOut, short(time.Duration(report.TTD)), short(time.Duration(report.TTC)))
}
