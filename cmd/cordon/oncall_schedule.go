package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

const layerHelp = "a layer of people who take turns: 'people=A,B rotation=weeks length=1 start=2026-11-23 handoff=09:00', and for hours 'days=mon-fri from=08:00 until=17:00'; names with spaces have _ for them"

func (sh *shell) scheduleCreate() *cobra.Command { return sh.scheduleWrite("create", post) }
func (sh *shell) scheduleChange() *cobra.Command { return sh.scheduleWrite("change", put) }

func (sh *shell) scheduleWrite(verb, method string) *cobra.Command {
	var name, zone string
	var layers []string
	short := "Make a schedule: the first layer that has somebody is on call"
	if verb == "change" {
		short = "Replace a schedule's zone and layers"
	}
	cmd := &cobra.Command{
		Use: verb + " HANDLE --zone ZONE --layer …", Short: short,
		Long: short + ".\nHandoffs keep to the clock of the zone. Lengths in hours that do not divide a day\ncount hours gone by.",
		Example: "  cordon oncall schedule " + verb + " primary --zone Europe/Oslo \\\n    --layer 'people=Anna,Duty_engineer rotation=weeks start=2026-11-23 handoff=09:00'\n" +
			"  cordon oncall schedule " + verb + " desk --zone Europe/Oslo \\\n    --layer 'people=Anna rotation=days days=mon-fri from=08:00 until=17:00' --layer 'people=Duty_engineer rotation=days'",
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&name, "name", "", "name, for people")
	cmd.Flags().StringVar(&zone, "zone", "", "time zone, such as Europe/Oslo")
	cmd.Flags().StringArrayVar(&layers, "layer", nil, layerHelp)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "zone", "layer"); err != nil {
			return err
		}
		body := map[string]any{"handle": args[0], "zone": zone}
		putText(body, "name", name)
		var all []cordon.Layer
		for _, text := range layers {
			l, err := sh.layer(cmd.Context(), text)
			if err != nil {
				return err
			}
			all = append(all, l)
		}
		body["layers"] = all
		path := "/v1/oncall/schedules"
		if method == put {
			path += "/" + url.PathEscape(args[0])
		}
		var s cordon.Schedule
		if err := sh.ask(cmd.Context(), request{method: method, path: path, json: body}, &s); err != nil {
			return err
		}
		return sh.answer(s, func() {
			sh.say("schedule %s (%s), %d layers; cordon oncall schedule show %s", s.Handle, s.ID, len(s.Layers), s.Handle)
		})
	}
	return cmd
}

// layer reads 'people=A,B rotation=weeks …'.
func (sh *shell) layer(ctx context.Context, text string) (cordon.Layer, error) {
	l := cordon.Layer{Rotation: cordon.RotateWeeks, Length: 1, Handoff: "09:00", Start: time.Now().UTC().Format("2006-01-02")}
	for word := range strings.FieldsSeq(text) {
		key, value, ok := strings.Cut(word, "=")
		var err error
		switch key {
		case "name":
			l.Name = strings.ReplaceAll(value, "_", " ")
		case "people":
			l.People, err = sh.contactIDs(ctx, strings.ReplaceAll(value, "_", " "))
			if err != nil {
				return l, err
			}
		case "rotation":
			l.Rotation = cordon.Rotation(value)
		case "length":
			l.Length, err = strconv.Atoi(value)
		case "start":
			l.Start = value
		case "handoff":
			l.Handoff = value
		case "from":
			l.From = value
		case "until":
			l.Until = value
		case "days":
			l.Days, err = weekdays(value)
		default:
			ok = false
		}
		if !ok || err != nil {
			return l, misused("--layer", "does not take "+word, layerHelp)
		}
	}
	return l, nil
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// weekdays reads "mon-fri" or "sat,sun".
func weekdays(text string) (days []time.Weekday, err error) {
	for span := range strings.SplitSeq(strings.ToLower(text), ",") {
		from, until, ranged := strings.Cut(span, "-")
		if !ranged {
			until = from
		}
		a, b := slices.Index(dayNames, from), slices.Index(dayNames, until)
		if a < 0 || b < 0 {
			return nil, fmt.Errorf("no day")
		}
		for d := a; ; d = (d + 1) % 7 {
			days = append(days, time.Weekday(d))
			if d == b {
				break
			}
		}
	}
	return days, nil
}

func (sh *shell) scheduleList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List schedules", Example: "  cordon oncall schedule list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var got part[cordon.Schedule]
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/oncall/schedules"}, &got); err != nil {
				return err
			}
			return sh.answer(got, func() {
				var rows [][]string
				for _, s := range got.Items {
					rows = append(rows, []string{s.Handle, s.Name, s.Zone, strconv.Itoa(len(s.Layers)), string(s.ID)})
				}
				sh.table("SCHEDULE NAME ZONE LAYERS ID", rows)
			})
		},
	}
}

type scheduleShown struct {
	Schedule cordon.Schedule `json:"schedule"`
	Shifts   []struct {
		From     time.Time              `json:"from"`
		Until    time.Time              `json:"until"`
		Contact  cordon.OnCallContactID `json:"contact,omitempty"`
		Name     string                 `json:"name,omitempty"`
		Layer    int                    `json:"layer,omitempty"`
		Override cordon.OverrideID      `json:"override,omitempty"`
	} `json:"shifts"`
	Overrides []cordon.Override `json:"overrides"`
}

func (sh *shell) scheduleShow() *cobra.Command {
	weeks := 4
	cmd := &cobra.Command{
		Use: "show SCHEDULE", Short: "Who is on call over the next weeks", Example: "  cordon oncall schedule show primary --weeks 2", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().IntVar(&weeks, "weeks", weeks, "how many weeks, 1 to 26")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var s scheduleShown
		r := request{method: get, path: "/v1/oncall/schedules/" + url.PathEscape(args[0]), query: url.Values{"weeks": {strconv.Itoa(weeks)}}}
		if err := sh.ask(cmd.Context(), r, &s); err != nil {
			return err
		}
		return sh.answer(s, func() {
			zone, err := time.LoadLocation(s.Schedule.Zone)
			if err != nil {
				zone = time.UTC
			}
			local := func(t time.Time) string { return t.In(zone).Format("Mon 2006-01-02 15:04 MST") }
			var rows [][]string
			for _, x := range s.Shifts {
				from := "nobody"
				switch {
				case x.Override != "":
					from = string(x.Override)
				case x.Layer > 0:
					from = s.Schedule.Layers[x.Layer-1].Name
				}
				rows = append(rows, []string{local(x.From), local(x.Until), orDash(x.Name), from})
			}
			sh.table("FROM UNTIL ON-CALL BY", rows)
		})
	}
	return cmd
}

func (sh *shell) scheduleOverride() *cobra.Command {
	var contact, from, until string
	cmd := &cobra.Command{
		Use: "override SCHEDULE --contact C --from TIME --until TIME", Short: "Put somebody on call for a while, whoever's turn it is",
		Example: "  cordon oncall schedule override primary --contact Anna --from 2026-11-28T08:00:00+01:00 --until 2026-11-29T08:00:00+01:00", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&contact, "contact", "", "who stands in, by ID or name")
	cmd.Flags().StringVar(&from, "from", "", "from then on (RFC 3339); now when left out")
	cmd.Flags().StringVar(&until, "until", "", "until then (RFC 3339)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "contact", "until"); err != nil {
			return err
		}
		if from == "" {
			from = time.Now().UTC().Format(time.RFC3339)
		}
		id, err := sh.contactID(cmd.Context(), contact)
		if err != nil {
			return err
		}
		var o cordon.Override
		r := request{method: post, path: "/v1/oncall/schedules/" + url.PathEscape(args[0]) + "/overrides", json: map[string]any{"contact": id, "from": from, "until": until}}
		if err := sh.ask(cmd.Context(), r, &o); err != nil {
			return err
		}
		return sh.answer(o, func() { sh.say("override %s, %s to %s", o.ID, stamp(o.From), stamp(o.Until)) })
	}
	return cmd
}

func (sh *shell) scheduleWithdraw() *cobra.Command {
	return sh.onCallDo("withdraw OVERRIDE", "Take an override back", "  cordon oncall schedule withdraw ovr_…", func(args []string) (request, string) {
		return request{method: del, path: "/v1/oncall/overrides/" + url.PathEscape(args[0])}, "withdrawn"
	}, 1)
}

func (sh *shell) scheduleRemove() *cobra.Command {
	return sh.onCallDo("remove SCHEDULE", "Remove a schedule that no policy names", "  cordon oncall schedule remove primary", func(args []string) (request, string) {
		return request{method: del, path: "/v1/oncall/schedules/" + url.PathEscape(args[0])}, "removed"
	}, 1)
}
