package incident

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cordonmail/cordon"
)

var at = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func books(t *testing.T) Playbooks {
	t.Helper()
	b, err := LoadPlaybooks(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatASignOpens(t *testing.T) {
	key, account, template, dispatch, tenant := cordon.NewKeyID(), cordon.NewAccountID(), cordon.NewTemplateID(), cordon.NewDispatchID(), cordon.NewTenantID()
	signal := func(s cordon.Signal) cordon.IncidentSign {
		s.ID, s.Tenant = cordon.NewSignalID(), tenant
		return cordon.IncidentSign{Signal: &s, Tenant: tenant, Since: at}
	}
	stop := func(by string, c cordon.Scope) cordon.IncidentSign {
		return cordon.IncidentSign{Stop: &cordon.Stop{ID: cordon.NewStopID(), Scope: c, PlacedBy: by, Reason: "wrong\ndate"}, Tenant: tenant, Since: at}
	}
	over := func(exercise bool) cordon.IncidentSign {
		g := stop("operator", cordon.Scope{Tenant: tenant})
		g.Stop.Reason, g.Exercise = cordon.ReasonExerciseOver, exercise
		return g
	}
	for name, k := range map[string]struct {
		sign     cordon.IncidentSign
		kind     cordon.IncidentKind
		severity cordon.Severity
		scope    cordon.Question
		recover  string // noun that is owed back
		joins    bool
	}{
		"a decoy named by a key":         {signal(cordon.Signal{Kind: cordon.SignalDecoy, Key: key, Account: account, Template: template}), cordon.IncidentTemplate, 1, cordon.Question{Key: key, From: at}, cordon.LinkKey, false},
		"a decoy named by a person":      {signal(cordon.Signal{Kind: cordon.SignalDecoy, Account: account}), cordon.IncidentAccount, 1, cordon.Question{Account: account, From: at}, cordon.LinkAccount, false},
		"IDs walked":                     {signal(cordon.Signal{Kind: cordon.SignalUnknownID, Key: key}), cordon.IncidentTemplate, 2, cordon.Question{Key: key, From: at}, cordon.LinkKey, false},
		"a send that bounces":            {signal(cordon.Signal{Kind: cordon.SignalBounces, Dispatch: dispatch}), cordon.IncidentOther, 3, cordon.Question{Dispatch: dispatch}, "", false},
		"complaints about a letter":      {signal(cordon.Signal{Kind: cordon.SignalComplaints, Template: template}), cordon.IncidentOther, 2, cordon.Question{Tenant: tenant, Template: template, From: at}, "", false},
		"one text from several tenants":  {signal(cordon.Signal{Kind: cordon.SignalSameText, Template: template}), cordon.IncidentTemplate, 1, cordon.Question{Tenant: tenant, Template: template, From: at}, "", false},
		"mail at a decoy's address":      {signal(cordon.Signal{Kind: cordon.SignalDecoyMail}), cordon.IncidentLeak, 1, cordon.Question{}, "", false},
		"a signal nobody has graded":     {signal(cordon.Signal{Kind: "new"}), cordon.IncidentOther, 1, cordon.Question{}, "", false},
		"a person stops a send":          {stop("acc_1", cordon.Scope{Tenant: tenant, Dispatch: dispatch}), cordon.IncidentOther, 3, cordon.Question{Dispatch: dispatch, From: at}, "", false},
		"a person stops a key":           {stop("operator", cordon.Scope{Key: key}), cordon.IncidentTemplate, 2, cordon.Question{Key: key, From: at}, cordon.LinkKey, false},
		"a person stops a tenant":        {stop("operator", cordon.Scope{Tenant: tenant}), cordon.IncidentOther, 2, cordon.Question{}, "", false},
		"a person stops everything":      {stop("operator", cordon.Scope{Everything: true}), cordon.IncidentOther, 1, cordon.Question{}, "", false},
		"an exercise is cleared away":    {over(true), cordon.IncidentOther, 2, cordon.Question{}, "", true},
		"the same words, and it is real": {over(false), cordon.IncidentOther, 2, cordon.Question{}, "", false},
		"a rule stops a key":             {stop("system", cordon.Scope{Key: key}), cordon.IncidentTemplate, 2, cordon.Question{}, "", true},
	} {
		s := sighting(k.sign, books(t))
		var scope cordon.Question
		if len(s.Scope) > 0 {
			scope = s.Scope[0]
		}
		owed := ""
		for _, l := range s.Links {
			if l.Recover {
				owed += l.Noun
			}
		}
		if s.Kind != k.kind || s.Severity != k.severity || scope != k.scope || owed != k.recover || s.Joins != k.joins {
			t.Errorf("%s: %s %s %+v owed %q joins %v", name, s.Kind, s.Severity, scope, owed, s.Joins)
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(s.Parts) == 0 || len(s.Tasks) == 0 || s.PageAfter <= 0 {
			t.Errorf("%s: parts %v, %d tasks", name, s.Parts, len(s.Tasks))
		}
	}
}

func TestEverySignalHasItsClass(t *testing.T) {
	for kind, c := range classes {
		if c.severity < 1 || c.severity > 5 || !slices.Contains(cordon.IncidentKinds(), c.kind) || c.title == "" {
			t.Errorf("%s: %+v", kind, c)
		}
	}
}

func TestTheDamageAsksForASeverity(t *testing.T) {
	for name, k := range map[string]struct {
		kind           cordon.IncidentKind
		copies, people int64
		tenants        int
		want           cordon.Severity
	}{
		"nothing left":               {cordon.IncidentTemplate, 0, 0, 0, 0},
		"one unauthorised copy":      {cordon.IncidentTemplate, 1, 1, 1, 1},
		"a wrong date for a few":     {cordon.IncidentOther, 40, 40, 1, 0},
		"a wrong date for fifty":     {cordon.IncidentOther, 50, 50, 1, 2},
		"a wrong date for many":      {cordon.IncidentOther, 900, 500, 1, 1},
		"two tenants":                {cordon.IncidentOther, 2, 2, 2, 1},
		"a mailbox that wrote one":   {cordon.IncidentAccount, 1, 1, 1, 2},
		"uncertain copies count too": {cordon.IncidentTemplate, 3, 3, 1, 1},
	} {
		if got, why := damageSeverity(k.kind, k.copies, k.people, k.tenants); got != k.want || (got != 0) == (why == "") {
			t.Errorf("%s: %d %q, want %d", name, got, why, k.want)
		}
	}
	if public(1, 0) || !public(2, 1) || public(3, 9) || !public(0, 1) {
		t.Error("public by rule is SEV-1 and SEV-2 with copies delivered; unknown counts as SEV-1")
	}
}

func TestPlaybooksOfTheHouseTakeTheirPlace(t *testing.T) {
	good := "kind = \"other\"\ntitle = \"Ours\"\n[[task]]\ntitle = \"Ring the director\"\ndue = \"5m\"\nrequired = true\nrole = \"commander\"\n"
	b, err := LoadPlaybooks(fstest.MapFS{"other.toml": {Data: []byte(good)}, "notes.txt": {Data: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	tasks := b.Tasks(cordon.IncidentOther)
	if len(tasks) != 1 || tasks[0].Title != "Ring the director" || tasks[0].After != 5*time.Minute || !tasks[0].Required || !b[cordon.IncidentOther].Own {
		t.Errorf("tasks %+v", tasks)
	}
	if len(b.Tasks(cordon.IncidentTemplate)) < 5 || b[cordon.IncidentTemplate].Own {
		t.Error("the others are gone")
	}
	for name, text := range map[string]string{
		"another kind":      strings.Replace(good, `"other"`, `"list-storm"`, 1),
		"no task":           "kind = \"other\"\ntitle = \"x\"\n",
		"unknown role":      strings.Replace(good, "commander", "king", 1),
		"a link outside":    good + "link = \"https://example.org\"\n",
		"a duration":        strings.Replace(good, "5m", "soon", 1),
		"a misspelt word":   strings.Replace(good, "required", "requried", 1),
		"no TOML":           "kind = ",
		"a task unnamed":    strings.Replace(good, "Ring the director", " ", 1),
		"a negative moment": strings.Replace(good, "5m", "-5m", 1),
	} {
		if _, err := LoadPlaybooks(fstest.MapFS{"other.toml": {Data: []byte(text)}}); cordon.CodeOf(err) != cordon.Invalid || !strings.Contains(err.Error(), "other.toml") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LoadPlaybooks(fstest.MapFS{}); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestQuantilesAreOnesThatWereMeasured(t *testing.T) {
	for _, k := range []struct {
		all         []int64
		median, p90 int64
	}{{[]int64{7}, 7, 7}, {[]int64{1, 2}, 1, 2}, {[]int64{1, 2, 3}, 2, 3}, {[]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5, 9}} {
		if m, p := quantile(k.all, 50), quantile(k.all, 90); m != k.median || p != k.p90 {
			t.Errorf("%v: %d and %d, want %d and %d", k.all, m, p, k.median, k.p90)
		}
	}
}

func TestExercisesAndMonthsAreApart(t *testing.T) {
	known := func(ms int64) cordon.Measure { return cordon.Measure{Known: true, Millis: ms} }
	r := report([]cordon.IncidentMeasures{
		{Number: 3, OpenedAt: at, TTD: known(30), Recipients: 5}, {Number: 2, OpenedAt: at, TTD: known(10), Recipients: 1},
		{Number: 1, OpenedAt: at.AddDate(0, -2, 0), TTR: known(9)},
	}, false)
	if len(r.Months) != 2 || r.Months[0].Month != "2026-09" || r.Months[1].Incidents != 2 || r.Months[1].Recipients != 6 {
		t.Errorf("months %+v", r.Months)
	}
	if s := r.Months[1].Measures["TTD"]; s.N != 2 || s.Median != 10 || s.P90 != 30 {
		t.Errorf("TTD %+v", s)
	}
	if _, there := r.Months[0].Measures["TTD"]; there || r.Whole["TTR"].N != 1 {
		t.Errorf("%+v", r)
	}
}

func TestATitleIsOneShortLine(t *testing.T) {
	long := oneLine(strings.Repeat("é", 300) + "\n\tx")
	if len(long) > 200 || strings.ContainsAny(long, "\n\t") || !strings.HasSuffix(long, "…") || strings.ContainsRune(long, '\uFFFD') {
		t.Errorf("%q", long)
	}
	if got := oneLine(" wrong\ndate "); got != "wrong date" {
		t.Errorf("%q", got)
	}
}
