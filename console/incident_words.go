package console

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/cordonmail/cordon"
)

// nextOf is the one thing that matters most now: command, containment, what is
// owed, then the next state.
func nextOf(i cordon.Incident, p incidentPage) nextStep {
	if !p.May {
		return nextStep{}
	}
	switch {
	case i.State == cordon.IncidentMerged:
		return nextStep{Title: "This incident is dealt with elsewhere", Says: "It was merged; what is to be done is done there.", Link: p.Merged, Button: "Open that one"}
	case i.State == cordon.IncidentResolved:
		return nextStep{Title: "Write down what to learn from it", Says: "While it is fresh: what happened, why it could, and what will be changed.", Link: "#review", Button: "To the review"}
	case !i.State.Open():
		return nextStep{}
	case i.Roles[cordon.RoleCommander] == "":
		return nextStep{Title: "Nobody is in command", Says: "One person decides; everybody else knows whom to ask.", Act: "assign", Value: string(cordon.RoleCommander), Button: "Take command"}
	case len(p.Open) > 0 && i.ContainedAt.IsZero():
		return nextStep{Title: "Bad mail can still leave", Says: sentence(p.Open[0]), Link: "/stop", Button: "Stop it"}
	case !p.Known && i.Kind != cordon.IncidentLeak:
		return nextStep{Title: "Say which mail is bad", Says: "Every figure, list and letter follows from it.", Link: "#scope", Button: "Say it"}
	case i.State == cordon.IncidentTriage:
		return nextStep{Title: "Begin", Says: "Say that somebody looks into it, so that others need not ask.", Act: "move", Value: string(cordon.IncidentInvestigating), Button: "I am looking into it"}
	case p.Left > 0 && i.State == cordon.IncidentContained:
		return nextStep{Title: "It is contained: breathe", Says: "Nothing bad leaves any more. What is left is below, in its order.", Link: "#tasks", Button: count(int64(p.Left), "task", "tasks") + " to go"}
	case p.Debt > 0:
		return nextStep{Title: count(int64(p.Debt), "thing is", "things are") + " still owed", Says: "It can be resolved when none is.", Link: "#owed", Button: "See what"}
	}
	return nextStep{Title: "Nothing is owed any more", Says: "It can be resolved.", Act: "move", Value: string(cordon.IncidentResolved), Button: "Resolve it"}
}

// movesOf are the states that a person may choose now.
func movesOf(i cordon.Incident) []moveOption {
	var moves []moveOption
	for _, s := range cordon.IncidentStates() {
		if s == cordon.IncidentMerged || s == cordon.IncidentDeclined || !i.State.CanBecome(s) {
			continue
		}
		moves = append(moves, moveOption{s, incidentState(s), stateSays(cordon.Incident{State: s})})
	}
	return moves
}

// idInText finds our IDs in a line of the timeline.
var idInText = regexp.MustCompile(`(key|account|stop|signal|template|dispatch|tenant|incident) ((?:key|acc|stp|sig|tpl|dsp|ten|inc)_[0-9a-z]+)`)

// namedText puts the names that people know in the place of IDs, and shortens what
// has none: the command line has them whole.
func (c *Console) namedText(text string) string {
	return idInText.ReplaceAllStringFunc(text, func(found string) string {
		noun, id, _ := strings.Cut(found, " ")
		switch noun {
		case cordon.LinkKey:
			return "key “" + c.names.key(cordon.KeyID(id)) + "”"
		case cordon.LinkAccount:
			return "account “" + c.names.account(cordon.AccountID(id)) + "”"
		case "tenant":
			return c.names.tenant(cordon.TenantID(id))
		}
		return noun + " " + short(id)
	})
}

func roleName(r cordon.IncidentRole) string {
	switch r {
	case cordon.RoleCommander:
		return "Commander"
	case cordon.RoleDeputy:
		return "Deputy"
	case cordon.RoleScribe:
		return "Scribe"
	case cordon.RoleCustomerLiaison:
		return "Customer liaison"
	case cordon.RoleInternalLiaison:
		return "Internal liaison"
	}
	return capital(r)
}

func roleSays(r cordon.IncidentRole) string {
	switch r {
	case cordon.RoleCommander:
		return "decides"
	case cordon.RoleDeputy:
		return "does, and takes over"
	case cordon.RoleScribe:
		return "writes it down"
	case cordon.RoleCustomerLiaison:
		return "speaks to those affected"
	case cordon.RoleInternalLiaison:
		return "speaks to our own people"
	}
	return ""
}

func lineTone(k cordon.IncidentWord) string {
	switch k {
	case cordon.LineOpened, cordon.LineSeverity:
		return "alarm"
	case cordon.LineMoved, cordon.LineMerged:
		return "good"
	case cordon.LineScope, cordon.LineLink:
		return "warn"
	}
	return "plain"
}

// debtWord is a kind of debt in words.
func debtWord(k cordon.DebtKind) string {
	switch k {
	case cordon.DebtTenant:
		return "A tenant is not told"
	case cordon.DebtFollowUp:
		return "A letter is not sent"
	case cordon.DebtPromise:
		return "A promise is open"
	case cordon.DebtAccount:
		return "Not in the right hands"
	case cordon.DebtRegime:
		return "A law is not decided"
	case cordon.DebtTask:
		return "Not done"
	case cordon.DebtReporter:
		return "A reporter has no answer"
	case cordon.DebtScope:
		return "Can still leave"
	}
	return capital(k)
}

// debtRow says a debt, and where it is settled.
func (c *Console) debtRow(i cordon.Incident, d cordon.Debt) debtRow {
	row := debtRow{Word: debtWord(d.Kind), Text: sentence(c.namedText(d.Text)), Subject: d.Subject, Count: d.Count}
	id := url.PathEscape(string(i.ID))
	if d.Subject == string(i.ID) {
		row.Subject = ""
	}
	switch d.Kind {
	case cordon.DebtPromise:
		row.Link = "/announcements"
	case cordon.DebtTenant, cordon.DebtFollowUp:
		row.Link = "/notices/" + id
	case cordon.DebtRegime:
		row.Link = "/clocks"
	case cordon.DebtTask:
		row.Link = "#tasks"
	case cordon.DebtAccount:
		row.Link = "#recover"
		if key := cordon.KeyID(d.Subject); key.Valid() {
			row.Subject = "key " + c.names.key(key)
		} else {
			row.Subject = c.names.account(cordon.AccountID(d.Subject))
		}
	case cordon.DebtReporter:
		row.Link = "/reports"
	case cordon.DebtScope:
		row.Link = "/stop"
	}
	return row
}

// manyOwed is how many debts of one kind are told one by one.
const manyOwed = 2

// gathered puts debts of one kind together where there are many: a list of twenty is
// not read in a bad night.
func (c *Console) gathered(i cordon.Incident, owed []cordon.Debt) []debtRow {
	var rows []debtRow
	for from := 0; from < len(owed); {
		to := from
		for to < len(owed) && owed[to].Kind == owed[from].Kind {
			to++
		}
		group := owed[from:to]
		from = to
		if len(group) <= manyOwed {
			for _, d := range group {
				rows = append(rows, c.debtRow(i, d))
			}
			continue
		}
		row := c.debtRow(i, group[0])
		row.Subject, row.Count, row.Text = "", 0, debtsTogether(group[0].Kind, len(group))
		for _, d := range group {
			switch d.Kind {
			case cordon.DebtTask: // they stand beside, one by one
			case cordon.DebtRegime:
				row.Brief = append(row.Brief, d.Subject)
			default:
				row.All = append(row.All, c.debtRow(i, d).Text)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func debtsTogether(k cordon.DebtKind, n int) string {
	switch k {
	case cordon.DebtTask:
		return num(n) + " required tasks are open."
	case cordon.DebtRegime:
		return "Whether " + num(n) + " laws apply is not decided."
	case cordon.DebtAccount:
		return num(n) + " keys and accounts are not in the right hands."
	case cordon.DebtTenant:
		return num(n) + " tenants are not told."
	}
	return num(n) + " of them."
}

// debtsIn are the debts that a refusal names.
func (c *Console) debtsIn(i cordon.Incident, err error) []debtRow {
	var e *cordon.Error
	if !errors.As(err, &e) {
		return nil
	}
	var owed []cordon.Debt
	for _, f := range e.Faults {
		owed = append(owed, cordon.Debt{Kind: cordon.DebtKind(f.Field), Text: f.Message, Subject: f.Remedy})
	}
	return c.gathered(i, owed)
}

// linkRow says what is linked, by name where it has one.
func (c *Console) linkRow(ctx context.Context, a cordon.Actor, l cordon.IncidentLink) linkRow {
	row := linkRow{IncidentLink: l, Name: short(l.Subject)}
	id := url.PathEscape(l.Subject)
	switch l.Noun {
	case cordon.LinkStop:
		row.Link, row.State = "/stops/"+id, "in force"
		if s, err := c.Warden.Stop(ctx, a, cordon.StopID(l.Subject)); err == nil {
			row.Name = c.names.scope(s.Scope)
			row.Tone = "held"
			if !s.Active(c.Now()) {
				row.State, row.Tone = "ended", ""
			}
		}
	case cordon.LinkDispatch:
		if l.Tenant != "" {
			row.Link = "/dispatches/" + url.PathEscape(string(l.Tenant)) + "/" + id
		}
	case cordon.LinkKey:
		row.Name = c.names.key(cordon.KeyID(l.Subject))
		if k, err := c.Registry.Key(ctx, a, cordon.KeyID(l.Subject)); err == nil {
			row.State = string(k.State)
		}
	case cordon.LinkAccount:
		row.Name = c.names.account(cordon.AccountID(l.Subject))
	case cordon.LinkTemplate:
		row.Name = c.names.template(l.Tenant, cordon.TemplateID(l.Subject))
	case cordon.LinkIncident:
		row.Link = "/incidents/" + id
	case cordon.LinkProblem:
		row.Link = "/problems/" + id
	case cordon.LinkSignal:
		row.Link = "/signals"
	}
	if l.Recover && !l.SettledAt.IsZero() {
		row.State, row.Tone = "safe again: "+l.Settled, "good"
	}
	return row
}
