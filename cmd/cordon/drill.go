package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/drill"
)

func drillCommand() *cobra.Command {
	c := &cobra.Command{Use: "drill", Short: "Rehearse an incident", Long: "Rehearses an incident on a house of its own, in a temporary folder, whose only\nrelay is a receiving server in the same process. Everything is marked EXERCISE."}
	c.AddCommand(drillListCommand(), drillRunCommand())
	return c
}

func drillListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "List the drills", Example: "  cordon drill list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"drills": drill.List()})
			}
			for _, d := range drill.List() {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\n  models  %s\n  does    %s\n  must    %s\n", d.Name, d.Models, d.Says, d.Must)
			}
			return nil
		}}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return c
}

type drillOptions struct {
	name      string
	edgeFault bool
	asJSON    bool
	database  string
	patients  int
}

func drillRunCommand() *cobra.Command {
	var o drillOptions
	c := &cobra.Command{Use: "run NAME|all", Short: "Run a drill and say what was seen", Example: "  cordon drill run id-walk --edge-fault\n  cordon drill run all --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if o.name = args[0]; o.name == "all" {
				o.name, o.edgeFault = "id-walk", true
			}
			report, err := runDrill(ctx, cmd.ErrOrStderr(), o)
			if err != nil {
				return err
			}
			if o.asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			} else {
				printReport(cmd.OutOrStdout(), report)
			}
			if err == nil && !report.OK {
				err = silent{1}
			}
			return err
		}}
	c.Flags().BoolVar(&o.edgeFault, "edge-fault", false, "also slip copies into the queue as if the door's check were missing")
	c.Flags().BoolVar(&o.asJSON, "json", false, "one JSON object on stdout")
	c.Flags().StringVar(&o.database, "database", "", "postgres://… of an empty database (default: embedded)")
	c.Flags().IntVar(&o.patients, "patients", 1000, "invented patients of each exercise practice")
	return c
}

// runDrill makes a house for the exercise alone and removes it afterwards,
// whatever happens.
func runDrill(ctx context.Context, progress io.Writer, o drillOptions) (report drill.Report, err error) {
	if o.patients < 200 || o.patients > 1_000_000 {
		return report, cordon.InvalidField("patients", "must be 200 to 1,000,000", "")
	}
	known := false
	for _, d := range drill.List() {
		known = known || d.Name == o.name
	}
	if !known {
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
	r := s.rehearsal(0, func(what string) { fmt.Fprintf(progress, "%5.1fs  %s\n", time.Since(began).Seconds(), what) })
	var practices []*drill.Practice
	for _, name := range []string{"exercise-one", "exercise-two"} {
		p, err := r.Open(ctx, name+"-"+cordon.RandomText(6), "EXERCISE "+name, o.patients)
		if err != nil {
			return report, err
		}
		practices = append(practices, p)
	}
	return r.Run(ctx, o.name, practices, o.edgeFault)
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
		report.Drill, mark(report.OK), report.BadCopiesOut, short(report.TTD), short(report.TTC))
}
