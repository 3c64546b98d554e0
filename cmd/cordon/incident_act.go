package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cordonmail/cordon"
)

func (sh *shell) incidentMove() *cobra.Command {
	var reason string
	var version int64
	cmd := &cobra.Command{
		Use: "move INCIDENT STATE", Short: "Take it to another state; resolved only when nothing is owed",
		Long:    "Take an incident to another state: triage, investigating, contained, fixing,\nmonitoring, resolved, review, closed. Contained is refused while something bad can\nleave; resolved is refused while anything is owed, and every debt is named.",
		Example: "  cordon incident move INC-12 fixing --reason 'key revoked'\n  cordon incident move INC-12 resolved", Args: cobra.ExactArgs(2),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "in a few words, for the timeline")
	versionFlag(cmd.Flags(), &version)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"state": args[1], "reason": reason, "version": version}
		return sh.incidentAct(cmd.Context(), request{method: post, path: incidentRest(args[0], "/move"), json: body}, "moved")
	}
	return cmd
}

func (sh *shell) incidentChange() *cobra.Command {
	var title, severity, kind, reason string
	var public, notPublic bool
	var version int64
	cmd := &cobra.Command{
		Use: "change INCIDENT", Short: "Change title, severity, kind, or whether announcements are owed",
		Example: "  cordon incident change INC-12 --severity SEV-2\n  cordon incident change INC-12 --severity SEV-4 --reason 'one practice, no copy left'", Args: cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&title, "title", "", "what went wrong, in a few words")
	f.StringVar(&severity, "severity", "", "SEV-1 to SEV-5; lowering needs --reason")
	f.StringVar(&kind, "kind", "", "template-abuse, account-takeover, list-storm, address-leak or other")
	f.BoolVar(&public, "public", false, "announcements are owed")
	f.BoolVar(&notPublic, "not-public", false, "none are; needs --reason")
	f.StringVar(&reason, "reason", "", "in a few words, for the timeline")
	versionFlag(f, &version)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"reason": reason, "version": version}
		for name, value := range map[string]string{"title": title, "severity": severity, "kind": kind} {
			if value != "" {
				body[name] = value
			}
		}
		switch {
		case public && notPublic:
			return misused("--public", "does not go with --not-public", "give one or the other")
		case public || notPublic:
			body["public"] = public
		case len(body) == 2:
			return misused("incident change", "names nothing to change", "give --title, --severity, --kind, --public or --not-public")
		}
		return sh.incidentAct(cmd.Context(), request{method: post, path: incidentRest(args[0], "/change"), json: body}, "changed")
	}
	return cmd
}

func (sh *shell) incidentAssign() *cobra.Command {
	var take bool
	var version int64
	cmd := &cobra.Command{
		Use: "assign INCIDENT ROLE [ACCOUNT]", Short: "Give a role to somebody, take it, or (without ACCOUNT) take it away",
		Long:    "Roles are commander, deputy, scribe, customer-liaison and internal-liaison.",
		Example: "  cordon incident assign INC-12 commander --take\n  cordon incident assign INC-12 scribe acc_…", Args: cobra.RangeArgs(2, 3),
	}
	cmd.Flags().BoolVar(&take, "take", false, "take it yourself")
	versionFlag(cmd.Flags(), &version)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"role": args[1], "take": take, "version": version}
		if len(args) == 3 {
			if take {
				return misused("--take", "does not go with an account", "give one or the other")
			}
			body["account"] = args[2]
		}
		return sh.incidentAct(cmd.Context(), request{method: post, path: incidentRest(args[0], "/assign"), json: body}, args[1]+" assigned")
	}
	return cmd
}

func (sh *shell) incidentNote() *cobra.Command {
	return &cobra.Command{
		Use: "note INCIDENT TEXT", Short: "Add a line to the timeline, without anybody's name or address",
		Example: "  cordon incident note INC-12 'Rang the practice: their booking program is down.'", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{"text": strings.Join(args[1:], " ")}
			return sh.incidentDid(cmd.Context(), request{method: post, path: incidentRest(args[0], "/notes"), json: body}, args[0], "noted")
		},
	}
}

func (sh *shell) incidentTask() *cobra.Command {
	return noun("task", "What is to be done in an incident", sh.taskList(), sh.taskAdd(), sh.taskSettle("done", "Mark a task as done"),
		sh.taskSettle("skip", "Skip a task, with the reason"), sh.taskSettle("reopen", "Mark a task as to be done again"))
}

func (sh *shell) taskList() *cobra.Command {
	return &cobra.Command{
		Use: "list INCIDENT", Short: "List the tasks of an incident", Example: "  cordon incident task list INC-12", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			tasks, err := all[cordon.IncidentTask](cmd.Context(), sh, incidentRest(args[0], "/tasks"), whole(), 0)
			if err != nil {
				return err
			}
			return sh.answer(tasks, func() { sh.sayTasks(tasks.Items) })
		},
	}
}

func (sh *shell) sayTasks(tasks []cordon.IncidentTask) {
	sh.say("TASKS")
	for _, t := range tasks {
		mark := map[cordon.TaskState]string{cordon.TaskOpen: "[ ]", cordon.TaskDone: "[x]", cordon.TaskSkipped: "[-]"}[t.State]
		notes := []string{}
		if t.Required {
			notes = append(notes, "required")
		}
		if t.Action {
			notes = append(notes, "action item")
		}
		if t.Role != "" {
			notes = append(notes, string(t.Role))
		}
		if !t.DueAt.IsZero() && t.State == cordon.TaskOpen {
			notes = append(notes, "due "+stamp(t.DueAt))
		}
		if t.Reason != "" {
			notes = append(notes, t.Reason)
		}
		sh.say("  %2d %s %s  (%s)", t.Num, mark, t.Title, strings.Join(notes, "; "))
		if t.Command != "" && t.State == cordon.TaskOpen {
			sh.say("         %s", t.Command)
		}
	}
}

func (sh *shell) taskAdd() *cobra.Command {
	var why, role string
	var required, action bool
	cmd := &cobra.Command{
		Use: "add INCIDENT TITLE", Short: "Set a further task, or an action item of the review",
		Example: "  cordon incident task add INC-12 'Ring the relay operator' --role deputy --required", Args: cobra.MinimumNArgs(2),
	}
	f := cmd.Flags()
	f.StringVar(&why, "why", "", "why it is to be done")
	f.StringVar(&role, "role", "", "whose it is")
	f.BoolVar(&required, "required", false, "owed before the incident is resolved")
	f.BoolVar(&action, "action", false, "an action item: owed before the incident is closed")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"title": strings.Join(args[1:], " "), "required": required, "action": action}
		for name, value := range map[string]string{"why": why, "role": role} {
			if value != "" {
				body[name] = value
			}
		}
		return sh.incidentDid(cmd.Context(), request{method: post, path: incidentRest(args[0], "/tasks"), json: body}, args[0], "task set")
	}
	return cmd
}

// taskSettle is done, skip and reopen.
func (sh *shell) taskSettle(verb, short string) *cobra.Command {
	var reason string
	state := map[string]cordon.TaskState{"done": cordon.TaskDone, "skip": cordon.TaskSkipped, "reopen": cordon.TaskOpen}[verb]
	cmd := &cobra.Command{
		Use: verb + " INCIDENT NUMBER", Short: short, Args: cobra.ExactArgs(2),
		Example: map[string]string{"done": "  cordon incident task done INC-12 3", "skip": "  cordon incident task skip INC-12 3 --reason 'no copy left'", "reopen": "  cordon incident task reopen INC-12 3"}[verb],
	}
	cmd.Flags().StringVar(&reason, "reason", "", "in a few words, for the timeline")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		number, err := taskNumber(args[1])
		if err != nil {
			return err
		}
		if verb == "skip" {
			if err := require(cmd.Flags(), "reason"); err != nil {
				return err
			}
		}
		body := map[string]any{"state": state, "reason": reason}
		return sh.incidentDid(cmd.Context(), request{method: post, path: incidentRest(args[0], fmt.Sprintf("/tasks/%d", number)), json: body}, args[0], fmt.Sprintf("task %d is %s", number, state))
	}
	return cmd
}

func (sh *shell) incidentScope() *cobra.Command {
	return noun("scope", "Which dispatches are the bad ones: every figure follows from it", sh.scopeList(), sh.scopeAdd(), sh.scopeRemove())
}

// scopeJSON is a row of scope as the house answers it.
type scopeJSON struct {
	cordon.IncidentScope
	Before int64 `json:"copies_before"`
}

func (sh *shell) scopeList() *cobra.Command {
	return &cobra.Command{
		Use: "list INCIDENT", Short: "List what is counted as bad", Example: "  cordon incident scope list INC-12", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := all[scopeJSON](cmd.Context(), sh, incidentRest(args[0], "/scope"), whole(), 0)
			if err != nil {
				return err
			}
			return sh.answer(rows, func() {
				var table [][]string
				for _, r := range rows.Items {
					what := scopeText(cordon.Scope{Tenant: r.Tenant, Template: r.Template, Account: r.Account, Key: r.Key, Dispatch: r.Dispatch}, nil)
					table = append(table, []string{fmt.Sprint(r.Num), stamp(r.From), stamp(r.Until), count(r.Before), what})
				}
				sh.table("ROW FROM UNTIL DAY-BEFORE WHAT", table)
				if len(table) == 0 {
					sh.note("nobody has said yet which mail is bad: cordon incident scope add --help")
				}
			})
		},
	}
}

func (sh *shell) scopeAdd() *cobra.Command {
	var tenant string
	var scope badScopeFlags
	cmd := &cobra.Command{
		Use: "add INCIDENT", Short: "Say of more dispatches that they are bad", Args: cobra.ExactArgs(1),
		Example: "  cordon incident scope add INC-12 --dispatch dsp_…\n  cordon incident scope add INC-12 --key key_… --from 2026-11-22T04:10:00Z --until 2026-11-22T05:00:00Z",
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	scope.add(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		row, err := scope.row(tenant)
		if err != nil {
			return err
		}
		if len(row) == 0 && tenant != "" {
			row["tenant"] = tenant
		}
		if len(row) == 0 {
			return misused("scope", "is missing", "name --dispatch, --key, --account, --template or --tenant")
		}
		return sh.incidentDid(cmd.Context(), request{method: post, path: incidentRest(args[0], "/scope"), json: row}, args[0], "counted as bad")
	}
	return cmd
}

func (sh *shell) scopeRemove() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "remove INCIDENT ROW --reason TEXT", Short: "Say that what a row alone names was not bad", Args: cobra.ExactArgs(2),
		Example: "  cordon incident scope remove INC-12 2 --reason 'the practice sent those itself'",
	}
	cmd.Flags().StringVar(&reason, "reason", "", "in a few words, for the timeline")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		number, err := taskNumber(args[1])
		if err != nil {
			return err
		}
		if err := require(cmd.Flags(), "reason"); err != nil {
			return err
		}
		return sh.incidentDid(cmd.Context(), request{method: post, path: incidentRest(args[0], fmt.Sprintf("/scope/%d/remove", number)), json: map[string]any{"reason": reason}}, args[0], "not bad after all")
	}
	return cmd
}

func (sh *shell) incidentLink() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "link INCIDENT NOUN ID", Short: "Tie a stop, dispatch, key, problem or another incident to it",
		Long:    "Nouns are " + strings.Join(cordon.IncidentLinkNouns(), ", ") + ". A key or account\nlinked by a person was in foreign hands: it is owed until it is safe again. Links are\nnever taken away.",
		Example: "  cordon incident link INC-12 key key_…\n  cordon incident link INC-12 incident inc_…", Args: cobra.ExactArgs(3),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "whose it is, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"noun": args[1], "subject": args[2]}
		if tenant != "" {
			body["tenant"] = tenant
		}
		return sh.incidentDid(cmd.Context(), request{method: post, path: incidentRest(args[0], "/links"), json: body}, args[0], "linked")
	}
	return cmd
}

func (sh *shell) incidentRecovered() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "recovered INCIDENT key|account ID --reason TEXT", Short: "Say that a key or account is in the right hands again", Args: cobra.ExactArgs(3),
		Example: "  cordon incident recovered INC-12 account acc_… --reason 'second factor enrolled, owner confirmed by telephone'",
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why it is safe, for the timeline")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "reason"); err != nil {
			return err
		}
		body := map[string]any{"noun": args[1], "subject": args[2], "reason": reason}
		return sh.incidentDid(cmd.Context(), request{method: post, path: incidentRest(args[0], "/recovered"), json: body}, args[0], "safe again")
	}
	return cmd
}

func (sh *shell) incidentMerge() *cobra.Command {
	var reason string
	var version int64
	cmd := &cobra.Command{
		Use: "merge INCIDENT INTO", Short: "End it as part of another: a link, never a move",
		Example: "  cordon incident merge INC-13 INC-12 --reason 'the same intruder'", Args: cobra.ExactArgs(2),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "in a few words, for the timeline")
	versionFlag(cmd.Flags(), &version)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"into": args[1], "reason": reason, "version": version}
		return sh.incidentAct(cmd.Context(), request{method: post, path: incidentRest(args[0], "/merge"), json: body}, "merged into "+args[1])
	}
	return cmd
}

// withReason is a verb that ends an incident and must say why.
func (sh *shell) withReason(use, short, example, rest, did string) *cobra.Command {
	var reason string
	cmd := &cobra.Command{Use: use + " INCIDENT --reason TEXT", Short: short, Example: example, Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the timeline")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "reason"); err != nil {
			return err
		}
		return sh.incidentAct(cmd.Context(), request{method: post, path: incidentRest(args[0], rest), json: map[string]any{"reason": reason}}, did)
	}
	return cmd
}

func (sh *shell) incidentDecline() *cobra.Command {
	return sh.withReason("decline", "End it because it was none", "  cordon incident decline INC-12 --reason 'a test by our own auditor'", "/decline", "declined")
}

func (sh *shell) incidentEndExercise() *cobra.Command {
	return sh.withReason("end-exercise", "End the incident of an exercise, whatever it owes", "  cordon incident end-exercise INC-12 --reason 'the drill is over'", "/end-exercise", "ended")
}

// versionFlag is the flag of every change that may be decided upon an old look.
func versionFlag(f *pflag.FlagSet, version *int64) {
	f.Int64Var(version, "if-version", 0, "refuse when the incident has changed since this version")
}

func taskNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, misused("NUMBER", "is not a number", "copy it as cordon incident task list shows it")
	}
	return n, nil
}
