package main

import (
	"io"
	"os"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/incident"
)

func (sh *shell) incidentMeasures() *cobra.Command {
	var exercises bool
	cmd := &cobra.Command{
		Use: "measures [INCIDENT]", Short: "How fast it was seen, stopped and told: of one incident, or over time",
		Long:    "TTD  first bad copy handed over → opened\nTTA  page sent → acknowledged\nTTC  opened → last bad copy handed over; 0 when none was after opening\nTTI  opened → the last affected tenant's notice accepted\nTTN  opened → the last follow-up accepted\nTTR  opened → resolved\n\nOver time, the median and the 90th percentile by month; exercises are counted apart.",
		Example: "  cordon incident measures INC-12\n  cordon incident measures\n  cordon incident measures --exercises --json", Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&exercises, "exercises", false, "of exercises instead of real incidents")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			var m cordon.IncidentMeasures
			if err := sh.ask(cmd.Context(), request{method: get, path: incidentRest(args[0], "/measures")}, &m); err != nil {
				return err
			}
			return sh.answer(m, func() { sh.sayMeasures(m) })
		}
		var r cordon.MeasureReport
		q := request{method: get, path: "/v1/measures"}
		if exercises {
			q.query = map[string][]string{"exercises": {"true"}}
		}
		if err := sh.ask(cmd.Context(), q, &r); err != nil {
			return err
		}
		return sh.answer(r, func() { sh.sayReport(r) })
	}
	return cmd
}

func (sh *shell) sayMeasures(m cordon.IncidentMeasures) {
	sh.say("%sINC-%d  %s  %s", drillMark(m.Exercise), m.Number, m.Severity, m.Title)
	sh.say("")
	for _, name := range cordon.MeasureNames() {
		one := m.MeasureOf(name)
		value := "-"
		if one.Known {
			value = shortly(one.Duration())
		}
		sh.say("  %s  %10s  %s", name, value, one.Says)
	}
	sh.say("")
	sh.say("  exposed from %s to %s", stamp(m.FirstCopyAt), stamp(m.LastCopyAt))
	sh.say("  %s people, %s tenants, %s accounts, %s copies", count(m.Recipients), count(m.Tenants), count(m.Accounts), count(m.Copies))
}

func (sh *shell) sayReport(r cordon.MeasureReport) {
	header := "MONTH INCIDENTS PEOPLE"
	for _, name := range cordon.MeasureNames() {
		header += " " + name + "(P90)"
	}
	row := func(month string, incidents int, people int64, of map[string]cordon.MeasureSpread) []string {
		cells := []string{month, count(int64(incidents)), count(people)}
		for _, name := range cordon.MeasureNames() {
			cell := "-"
			if s, ok := of[name]; ok {
				cell = shortly(time.Duration(s.Median)*time.Millisecond) + " (" + shortly(time.Duration(s.P90)*time.Millisecond) + ")"
			}
			cells = append(cells, cell)
		}
		return cells
	}
	var rows [][]string
	people := int64(0)
	for _, m := range r.Months {
		rows = append(rows, row(m.Month, m.Incidents, m.Recipients, m.Measures))
		people += m.Recipients
	}
	rows = append(rows, row("all", len(r.Incidents), people, r.Whole))
	sh.table(header, rows)
}

// shortly writes a duration as people say it: 340 ms, 41 s, 3 min 5 s, 2 h 10 min.
func shortly(d time.Duration) string { return cordon.ShortDuration(d) }

func (sh *shell) incidentReview() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "review INCIDENT", Short: "Read what the review found, or write it",
		Long:    "Read what the review found. With --file, write it: TOML with the texts summary,\ncause, went_well, went_badly and lucky; - reads it from standard input.",
		Example: "  cordon incident review INC-12\n  cordon incident review INC-12 --file review.toml", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&file, "file", "", "TOML to write; - is standard input")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if file != "" {
			body, err := sh.reviewFrom(file)
			if err != nil {
				return err
			}
			return sh.incidentDid(cmd.Context(), request{method: put, path: incidentRest(args[0], "/review"), json: body}, args[0], "review written")
		}
		var p cordon.Postmortem
		if err := sh.ask(cmd.Context(), request{method: get, path: incidentRest(args[0], "/review")}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() {
			if p.WrittenAt.IsZero() {
				sh.say("nothing is written yet")
				return
			}
			sh.say("written %s by %s", stamp(p.WrittenAt), p.WrittenBy)
			for _, part := range []struct{ name, text string }{{"Summary", p.Summary}, {"Cause", p.Cause}, {"What went well", p.WentWell}, {"What did not", p.WentBadly}, {"What only luck prevented", p.Lucky}} {
				if part.text != "" {
					sh.say("\n%s\n  %s", part.name, part.text)
				}
			}
		})
	}
	return cmd
}

func (sh *shell) reviewFrom(file string) (map[string]any, error) {
	var raw []byte
	var err error
	if file == "-" {
		raw, err = io.ReadAll(io.LimitReader(sh.in, 1<<20))
	} else {
		raw, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, cordon.InvalidField("--file", "cannot be read", "name a file this user may read")
	}
	var body map[string]any
	if err := toml.Unmarshal(raw, &body); err != nil {
		return nil, cordon.InvalidField("--file", "is not TOML: "+err.Error(), `write summary = "…", cause = "…", went_well, went_badly, lucky`)
	}
	return body, nil
}

func (sh *shell) incidentPlaybook() *cobra.Command {
	return &cobra.Command{
		Use: "playbook KIND", Short: "Show what is to be done in a kind of incident",
		Long:    "Show the playbook of a kind: template-abuse, account-takeover, list-storm,\naddress-leak or other. It is printed as the TOML that a file of your own, in the folder\nincident.playbooks, may put in its place.",
		Example: "  cordon incident playbook template-abuse > playbooks/template-abuse.toml", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var p incident.Playbook
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/playbooks/" + args[0]}, &p); err != nil {
				return err
			}
			return sh.answer(p, func() { _ = toml.NewEncoder(sh.out).Encode(p) }) // a terminal that is gone
		},
	}
}
