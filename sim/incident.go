package sim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
)

// incidents N: so many have been opened, exercises among them.
func (w *World) doIncidents(_ *txtar.Archive, l line) error {
	all, _, err := w.house.Incidents.List(context.Background(), w.actorOr(l, w.operator()), cordon.IncidentFilter{}, cordon.Page{Limit: 500})
	if err == nil && strconv.Itoa(len(all)) != l.word(0) {
		err = fmt.Errorf("there are %d incidents, want %s: %+v", len(all), l.word(0), all)
	}
	return err
}

// incident N ACT …: what people do with incident N, and what it must say.
//
//	incident 1 is contained severity=SEV-1 kind=template-abuse exercise=false
//	incident 1 figures recipients_affected=3 copies_delivered=3
//	incident 1 owes open-scope open-task | owes only unrecovered-account | owes nothing
//	incident 1 take commander | note 'TEXT' | move fixing | do | recovered key=NAME
//	incident 1 count key=NAME | dispatch=N | decline 'WHY' | merge into=2 | says 'TEXT'
func (w *World) doIncident(_ *txtar.Archive, l line) error {
	ctx, by := context.Background(), w.actorOr(l, w.operator())
	i, err := w.house.Incidents.Find(ctx, by, l.word(0))
	if err != nil {
		return err
	}
	switch l.word(1) {
	case "is", "figures", "owes", "says", "tasks", "paged":
		return w.incidentSays(ctx, by, i, l)
	case "take":
		_, err = w.house.Incidents.Take(ctx, by, i.ID, 0, cordon.IncidentRole(l.word(2)))
	case "note":
		err = w.house.Incidents.Note(ctx, by, i.ID, l.word(2))
	case "move":
		_, err = w.house.Incidents.Move(ctx, by, i.ID, 0, cordon.IncidentState(l.word(2)), l.named["reason"])
	case "do":
		err = w.doTasks(ctx, by, i)
	case "recovered":
		err = w.house.Incidents.Recovered(ctx, by, i.ID, cordon.LinkKey, string(w.actors[l.named["key"]].Key), "a new one is in place")
	case "decline":
		_, err = w.house.Incidents.Decline(ctx, by, i.ID, 0, l.word(2))
	case "merge":
		var other cordon.Incident
		if other, err = w.house.Incidents.Find(ctx, by, l.named["into"]); err == nil {
			_, err = w.house.Incidents.Merge(ctx, by, i.ID, 0, other.ID, "the same")
		}
	case "count":
		var s cordon.Scope
		if s, err = w.scope(l); err == nil {
			err = w.house.Incidents.AddScope(ctx, by, i.ID, cordon.Question{Tenant: s.Tenant, Template: s.Template, Key: s.Key, Dispatch: s.Dispatch})
		}
	default:
		err = fmt.Errorf("nobody can %q an incident", l.word(1))
	}
	if err != nil {
		w.answer = err.Error()
	}
	return err
}

// doTasks settles every task that is open.
func (w *World) doTasks(ctx context.Context, by cordon.Actor, i cordon.Incident) error {
	tasks, err := w.house.Incidents.Tasks(ctx, by, i.ID)
	for _, t := range tasks {
		if err == nil && t.State == cordon.TaskOpen {
			err = w.house.Incidents.SettleTask(ctx, by, i.ID, t.Num, cordon.TaskDone, "")
		}
	}
	return err
}

func (w *World) incidentSays(ctx context.Context, by cordon.Actor, i cordon.Incident, l line) error {
	got := map[string]string{}
	switch l.word(1) {
	case "is":
		if string(i.State) != l.word(2) {
			return fmt.Errorf("%s is %s, want %s", i.Name(), i.State, l.word(2))
		}
		got = map[string]string{"severity": i.Severity.String(), "kind": string(i.Kind), "exercise": fmt.Sprint(i.Exercise), "public": fmt.Sprint(i.Public), "title": i.Title}
	case "figures":
		figures, err := w.house.Incidents.Figures(ctx, by, i.ID)
		if err != nil {
			return err
		}
		for name, f := range figures {
			got[name] = fmt.Sprint(f.Value)
		}
	case "owes":
		return w.incidentOwes(ctx, by, i, l.words[2:])
	case "says":
		return w.timelineSays(ctx, by, i, l)
	case "tasks":
		tasks, err := w.house.Incidents.Tasks(ctx, by, i.ID)
		if err != nil {
			return err
		}
		got["count"] = fmt.Sprint(len(tasks))
	case "paged":
		return w.incidentPaged(ctx, i, l.word(2))
	}
	for name, want := range l.named {
		if name != "as" && got[name] != want {
			return fmt.Errorf("%s: %s is %q, want %q", i.Name(), name, got[name], want)
		}
	}
	return nil
}

// incidentOwes: owes KIND … asks for these kinds of debt at least, owes only KIND …
// for no other, owes nothing for none.
func (w *World) incidentOwes(ctx context.Context, by cordon.Actor, i cordon.Incident, want []string) error {
	debts, err := w.house.Incidents.Owed(ctx, by, i.ID)
	if err != nil {
		return err
	}
	var got []string
	for _, d := range debts {
		if !slices.Contains(got, string(d.Kind)) {
			got = append(got, string(d.Kind))
		}
	}
	fits := true
	switch {
	case len(want) == 1 && want[0] == "nothing":
		fits = len(got) == 0
	case len(want) > 0 && want[0] == "only":
		want = slices.Sorted(slices.Values(want[1:]))
		fits = slices.Equal(slices.Sorted(slices.Values(got)), want)
	default:
		fits = !slices.ContainsFunc(want, func(k string) bool { return !slices.Contains(got, k) })
	}
	if !fits {
		return fmt.Errorf("%s owes %v, want %v: %+v", i.Name(), got, want, debts)
	}
	return nil
}

// timelineSays: says 'TEXT' [times=N]: so many lines have it; without times, any.
func (w *World) timelineSays(ctx context.Context, by cordon.Actor, i cordon.Incident, l line) error {
	lines, _, err := w.house.Incidents.Timeline(ctx, by, i.ID, cordon.Page{Limit: 500})
	if err != nil {
		return err
	}
	n := 0
	for _, line := range lines {
		if strings.Contains(line.Text, l.word(2)) {
			n++
		}
	}
	if want := l.named["times"]; want != "" && want != strconv.Itoa(n) || want == "" && n == 0 {
		return fmt.Errorf("%d lines say %q, want %s: %+v", n, l.word(2), or(want, "some"), lines)
	}
	return nil
}

// incidentPaged: paged N: so many pages were triggered about it.
func (w *World) incidentPaged(ctx context.Context, i cordon.Incident, want string) error {
	entries, err := w.house.Auditor.Entries(ctx, w.operator(), 0, 100_000)
	if err != nil {
		return err
	}
	n := 0
	for _, e := range entries {
		if e.Kind == cordon.EntryPageTriggered && strings.Contains(string(e.Body), string(i.ID)) {
			n++
		}
	}
	if strconv.Itoa(n) != want {
		return fmt.Errorf("%s paged %d times, want %s", i.Name(), n, want)
	}
	return nil
}

// drill HANDLE: a tenant of an exercise, with a sending domain and an author.
func (w *World) doDrillTenant(_ *txtar.Archive, l line) error {
	ctx, handle := context.Background(), l.word(0)
	created, err := w.house.Catalog.CreateExerciseTenant(ctx, w.operator(), handle, strings.ToUpper(handle[:1])+handle[1:])
	if err != nil {
		return err
	}
	t := &tenant{Tenant: created, versions: map[string]int{}}
	if err := w.house.Store.CreateDomain(ctx, w.operator(), cordon.Domain{Tenant: t.ID, Name: handle + ".example", Selector: "sim"}, nil); err != nil {
		return err
	}
	if t.author, err = w.person(t.ID, "author", cordon.RoleAuthor); err == nil {
		t.approver, err = w.person(t.ID, "approver", cordon.RoleApprover)
	}
	w.tenants[handle] = t
	w.actors[handle+"/author"], w.actors[handle+"/approver"] = t.author, t.approver
	return err
}
