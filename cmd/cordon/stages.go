package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

// stageJSON is the fixed shape of a stage: scripts rely on it.
type stageJSON struct {
	Number   int               `json:"number"`
	Of       int               `json:"of"`
	From     int64             `json:"from"`
	To       int64             `json:"to"`
	State    cordon.StageState `json:"state"`
	Wait     string            `json:"wait"`
	OpenedAt time.Time         `json:"opened_at,omitzero"`
	LeftAt   time.Time         `json:"left_at,omitzero"`
	DueAt    time.Time         `json:"due_at,omitzero"`
	EndedAt  time.Time         `json:"ended_at,omitzero"`
	By       string            `json:"by,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Evidence cordon.Evidence   `json:"evidence"`
}

func (sh *shell) stagesCommand() *cobra.Command {
	return sh.dispatchVerb("stages DISPATCH --tenant TENANT", "Show the stages of a send, with what came back of each", "  cordon stages dsp_… --tenant northside",
		func(ctx context.Context, path string) error {
			var stages part[stageJSON]
			if err := sh.ask(ctx, request{method: get, path: path + "/stages"}, &stages); err != nil {
				return err
			}
			return sh.answer(stages, func() { sh.showStages(stages.Items, time.Now()) })
		})
}

// heldStage is the stage at which a send is held, nil when it is not: what waits
// for it waits for a person.
func heldStage(ctx context.Context, c *client, kind cordon.Kind, path string) (*stageJSON, error) {
	if kind != cordon.Bulk {
		return nil, nil
	}
	var stages part[stageJSON]
	if err := c.call(ctx, request{method: get, path: path + "/stages"}, &stages); err != nil {
		return nil, err
	}
	for _, s := range stages.Items {
		if s.State == cordon.StageHeld {
			return &s, nil
		}
	}
	return nil, nil
}

func (sh *shell) showStages(stages []stageJSON, now time.Time) {
	if len(stages) == 0 {
		sh.say("this send leaves whole: it has no stages")
		return
	}
	var rows [][]string
	for _, s := range stages {
		rows = append(rows, []string{fmt.Sprintf("%d/%d", s.Number, s.Of), fmt.Sprintf("%s-%s", count(s.From), count(s.To)), string(s.State), s.clock(now), evidenceText(s), s.By, s.Reason})
	}
	sh.table("STAGE COPIES STATE CLOCK EVIDENCE BY REASON", rows)
}

// clock says what the stage waits for.
func (s stageJSON) clock(now time.Time) string {
	switch {
	case s.State == cordon.StageWaiting:
		return "then " + s.Wait
	case s.State == cordon.StageHeld:
		return "a person"
	case s.State != cordon.StageOpen:
		return "ended " + stamp(s.EndedAt)
	case s.OpenedAt.After(now):
		return "leaves in " + s.OpenedAt.Sub(now).Round(time.Second).String()
	case s.DueAt.IsZero():
		return "leaving"
	case s.DueAt.After(now):
		return "due in " + s.DueAt.Sub(now).Round(time.Second).String()
	}
	return "due"
}

// evidenceText is what came back in a few words.
func evidenceText(s stageJSON) string {
	if s.State == cordon.StageWaiting {
		return "–"
	}
	e := s.Evidence
	parts := []string{count(e.Delivered) + " delivered"}
	for _, x := range []struct {
		n    int64
		word string
	}{{e.Bounces, "bounced"}, {e.Policy, "policy"}, {e.Errors, "failed"}, {e.Complaints, "complaints"}, {e.NotMe, "not-me"}, {e.Reports, "reports"}, {e.Decoys, "decoys"}} {
		if x.n > 0 {
			parts = append(parts, count(x.n)+" "+x.word)
		}
	}
	return strings.Join(parts, ", ")
}

func (sh *shell) stageCommand() *cobra.Command {
	return noun("stage", "Take a staged send into your own hands: hold, resume, advance or stop it",
		sh.stageVerb("hold", "Hold a send where it is, until somebody resumes or advances it", "is held: nothing more leaves until somebody says so"),
		sh.stageVerb("resume", "Let a held send go on where it was", "goes on where it was"),
		sh.stageVerb("advance", "Open the next stage now; early or over a hold, not by who ordered", "is what the send stands at now"),
		sh.stageStop())
}

func (sh *shell) stageVerb(verb, short, done string) *cobra.Command {
	var reason string
	var number int
	cmd := sh.dispatchVerb(verb+" DISPATCH --tenant TENANT --reason TEXT", short, "  cordon stage "+verb+" dsp_… --tenant northside --reason 'two patients called' --as chief",
		func(ctx context.Context, path string) error {
			body := map[string]any{"reason": reason}
			if number > 0 {
				body["stage"] = number
			}
			if strings.TrimSpace(reason) == "" {
				return misused("--reason", "is missing", "say in a few words why; it goes into the ledger")
			}
			var s stageJSON
			if err := sh.ask(ctx, request{method: post, path: path + "/stages/" + verb, json: body}, &s); err != nil {
				return err
			}
			return sh.answer(s, func() {
				sh.say("stage %d of %d (copies %s to %s) %s", s.Number, s.Of, count(s.From), count(s.To), done)
			})
		})
	cmd.Flags().StringVar(&reason, "reason", "", "why, in a few words; it goes into the ledger")
	cmd.Flags().IntVar(&number, "stage", 0, "the stage that is meant; refused when the send stands at another (default: the current one)")
	return cmd
}

// stageStop places a stop on the dispatch, like cordon stop.
func (sh *shell) stageStop() *cobra.Command {
	var reason, tenant string
	cmd := &cobra.Command{Use: "stop DISPATCH --reason TEXT", Short: "Stop a send at the stage it stands at; the same as cordon stop --dispatch",
		Example: "  cordon stage stop dsp_… --reason 'wrong date column'", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&reason, "reason", "", "why, in a few words; it goes into the ledger")
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "reason"); err != nil {
			return err
		}
		scope := scopeFlags{dispatch: args[0], tenant: tenant}
		var s stopJSON
		r := request{method: post, path: "/v1/stops", json: map[string]any{"scope": scope.body(), "reason": reason}}
		if err := sh.ask(cmd.Context(), r, &s); err != nil {
			return err
		}
		return sh.answer(s, func() { sh.showPlaced(s, sh.tenantHandles(cmd.Context())) })
	}
	return cmd
}

// stageSteps reads 10:2m,100:5m as the limit stages; what it cannot read the
// house refuses by name.
func stageSteps(text string) []map[string]any {
	var steps []map[string]any
	for step := range strings.SplitSeq(text, ",") {
		copies, wait, _ := strings.Cut(step, ":")
		steps = append(steps, map[string]any{"copies": limitValue(copies), "wait": wait})
	}
	return steps
}

// limitText shows a limit as --set takes it.
func limitText(v any) any {
	list, is := v.([]any)
	if !is {
		return v
	}
	var steps []string
	for _, step := range list {
		if s, is := step.(map[string]any); is {
			copies, _ := json.Marshal(s["copies"])
			steps = append(steps, fmt.Sprintf("%s:%v", copies, s["wait"]))
		}
	}
	return strings.Join(steps, ",")
}
