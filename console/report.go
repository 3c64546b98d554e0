package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
)

// reportsPage is what people outside say of mail: the problems, and how much
// came in and came back.
type reportsPage struct {
	Figures []figure
	Rows    []problemRow
	Latest  []reportRow
	Next    string
	All     bool // answered and closed ones too
}

type problemRow struct {
	Problem    cordon.Problem
	Tenant     string
	Edge       string
	Tone, Word string
	Rate       string // "4 of 1,240 copies, 0.32 %"
}

type reportRow struct {
	Report   cordon.Report
	Kind     string
	Way, Via string
	Tenant   string
}

const (
	problemsAPage = 50
	reportsShown  = 20
	returnedDays  = 7
)

func (c *Console) reports(w http.ResponseWriter, q *request) {
	p := reportsPage{All: q.FormValue("all") != ""}
	problems, next, err := c.Reports.Problems(q.Context(), q.actor, cordon.ReportFilter{Open: !p.All}, q.page(problemsAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	for _, x := range problems {
		p.Rows = append(p.Rows, rowOfProblem(x, c.names.tenant(x.Tenant)))
	}
	slices.SortStableFunc(p.Rows, func(a, b problemRow) int { return int(a.Problem.Priority) - int(b.Problem.Priority) })
	if next != "" {
		v := url.Values{"after": {next}}
		if p.All {
			v.Set("all", "1")
		}
		p.Next = "/reports?" + v.Encode()
	}
	latest, _, err := c.Reports.Reports(q.Context(), q.actor, cordon.ReportFilter{}, cordon.Page{Limit: reportsShown})
	if err != nil {
		c.problem(w, q, err)
		return
	}
	for _, r := range latest {
		p.Latest = append(p.Latest, rowOfReport(r, c.names.tenant(r.Tenant)))
	}
	back := map[cordon.Returned]int64{}
	if q.actor.Can(cordon.HandleReports, "") {
		if back, err = c.Reports.Returned(q.Context(), q.actor, c.Now().Add(-returnedDays*24*time.Hour)); err != nil {
			c.problem(w, q, err)
			return
		}
	}
	p.Figures = heardFigures(problems, back)
	c.show(w, q, http.StatusOK, "reports", frame{Title: "Reports & problems", Section: "reports", Body: p})
}

func heardFigures(problems []cordon.Problem, back map[cordon.Returned]int64) []figure {
	var open, urgent, people int64
	for _, p := range problems {
		if !p.State.Open() {
			continue
		}
		open++
		people += p.Counts.Reporters
		if p.Priority <= 2 {
			urgent++
		}
	}
	bounced := back[cordon.ReturnedBounce]
	return []figure{
		{Label: "Problems open", Value: num(open), Quiet: open == 0},
		{Label: "P1 and P2", Value: num(urgent), Tone: toneIf(urgent > 0, cordon.Refused), Quiet: urgent == 0},
		{Label: "People who complain", Value: num(people), Help: "of what is open", Quiet: people == 0},
		{Label: "Bounces by mail, 7 days", Value: num(bounced), Help: "of copies that had been handed over", Quiet: bounced == 0},
		{Label: "Automatic replies, 7 days", Value: num(back[cordon.ReturnedAutoReply]), Help: "counted and dropped", Quiet: true},
	}
}

func rowOfProblem(p cordon.Problem, tenant string) problemRow {
	row := problemRow{Problem: p, Tenant: tenant, Edge: "plain"}
	switch {
	case !p.State.Open():
		row.Edge = "good"
	case p.Priority == 1:
		row.Edge = "incident"
	case p.Priority <= 3:
		row.Edge = "warning"
	}
	row.Tone, row.Word = problemState(p.State)
	if p.Rate.HandedOver > 0 {
		row.Rate = fmt.Sprintf("%s of %s copies, %s %%", num(p.Rate.Complaints), num(p.Rate.HandedOver), ratePercent(100*p.Rate.Share()))
	}
	return row
}

// ratePercent writes a share as exactly as a rate of complaints needs it: limits are
// 0.1 and 0.3 percent.
func ratePercent(p float64) string {
	if p >= 10 {
		return strconv.FormatFloat(p, 'f', 0, 64)
	}
	return strconv.FormatFloat(p, 'f', 2, 64)
}

func problemState(s cordon.ProblemState) (tone, word string) {
	switch s {
	case cordon.ProblemOpen:
		return "alarm", "Open"
	case cordon.ProblemInvestigating:
		return "warn", "Looked into"
	case cordon.ProblemAnswered:
		return "good", "Answered"
	}
	return "plain", capital(s)
}

var wayWords = map[cordon.ReportWay]string{
	cordon.WayMail: "by mail", cordon.WayForm: "by the form", cordon.WayClick: "by the link in the mail", cordon.WayREST: "by REST",
	cordon.WayXARF: "as XARF", cordon.WayHand: "handed in",
}

var kindWords = map[cordon.ReportKind]string{
	cordon.ReportUnwanted: "unwanted", cordon.ReportNotForMe: "meant for somebody else", cordon.ReportNotMe: "its sender is not who it says",
	cordon.ReportPhishing: "phishing", cordon.ReportMalware: "malware", cordon.ReportThreat: "a threat", cordon.ReportNotSpam: "it was fine", cordon.ReportOther: "something else",
}

func rowOfReport(r cordon.Report, tenant string) reportRow {
	row := reportRow{Report: r, Kind: kindWords[r.Kind], Way: wayWords[r.Way], Tenant: tenant, Via: "nobody vouches for it"}
	switch {
	case r.State == cordon.ReportReceived:
		row.Via = "waits to be read"
	case r.Authenticated && r.Vouched == "code":
		row.Via = "had the copy in hand"
	case r.Authenticated:
		row.Via = "vouched for by " + r.Vouched
	}
	return row
}

// problemOnePage is one problem with its cluster.
type problemOnePage struct {
	Row       problemRow
	Facts     []fact
	Leaks     []fact
	Reports   []reportRow
	Next      string
	Fault     *fault
	Outcome   string // as it was typed
	MayLink   bool
	Dispatch  string // path of the letter's page
	StopPath  string
	Incident  string // path
	Owed      int64  // reporters on this page who wait for an answer
	CanTake   bool
	CanAnswer bool
	CanClose  bool
}

func (c *Console) reportProblem(w http.ResponseWriter, q *request) {
	c.showProblem(w, q, "", nil)
}

func (c *Console) showProblem(w http.ResponseWriter, q *request, outcome string, failed error) {
	id := cordon.ProblemID(q.PathValue("id"))
	p, err := c.Reports.Problem(q.Context(), q.actor, id)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page := c.problemPageOf(q, p)
	page.Outcome, page.Fault = outcome, faultOf(failed)
	list, next, err := c.Reports.Reports(q.Context(), q.actor, cordon.ReportFilter{Problem: id}, q.page(problemsAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	for _, r := range list {
		page.Reports = append(page.Reports, rowOfReport(r, c.names.tenant(r.Tenant)))
		if r.Answer == cordon.AnswerOwing {
			page.Owed++
		}
	}
	if next != "" {
		page.Next = "/problems/" + url.PathEscape(string(id)) + "?" + url.Values{"after": {next}}.Encode()
	}
	if p.Clue.Leak && q.actor.Can(cordon.HandleReports, "") {
		known, err := c.Reports.Leaks(q.Context(), q.actor, id)
		if err != nil {
			c.problem(w, q, err)
			return
		}
		for tenant, n := range known {
			page.Leaks = append(page.Leaks, fact{Name: c.names.tenant(tenant), Value: count(n, "address", "addresses")})
		}
		slices.SortFunc(page.Leaks, func(a, b fact) int { return compareText(a.Name, b.Name) })
	}
	c.show(w, q, statusOf(failed), "report-problem", frame{Title: p.Name() + " " + p.Title, Section: "reports", Body: page})
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (c *Console) problemPageOf(q *request, p cordon.Problem) problemOnePage {
	page := problemOnePage{Row: rowOfProblem(p, c.names.tenant(p.Tenant)), MayLink: q.actor.Can(cordon.ManageIncidents, p.Tenant) && p.Incident == ""}
	page.CanTake, page.CanAnswer, page.CanClose = p.State == cordon.ProblemOpen, p.State.Open(), p.State == cordon.ProblemAnswered
	counts := p.Counts
	page.Facts = []fact{
		{Name: "Reports", Value: num(counts.Reports)},
		{Name: "People who complain", Value: num(counts.Reporters)},
		{Name: "Vouched for", Value: num(counts.Authenticated)},
		{Name: "Say it was fine", Value: num(counts.NotSpam)},
	}
	if page.Row.Rate != "" {
		page.Facts = append(page.Facts, fact{Name: "Complaints", Value: page.Row.Rate})
	}
	if p.Clue.Sender != "" {
		page.Facts = append(page.Facts, fact{Name: "Says it is from", Value: p.Clue.Sender, Mono: true})
	}
	for _, host := range p.Clue.Hosts {
		page.Facts = append(page.Facts, fact{Name: "Links to", Value: host, Mono: true})
	}
	if p.Clue.Print != 0 {
		page.Facts = append(page.Facts, fact{Name: "Fingerprint", Value: p.Clue.Print.String(), Mono: true})
	}
	page.Facts = append(page.Facts, fact{Name: "Opened", Value: full(p.OpenedAt)}, fact{Name: "Newest report", Value: full(p.LastAt)})
	if p.Tenant != "" && p.Dispatch != "" {
		page.Dispatch = "/dispatches/" + url.PathEscape(string(p.Tenant)) + "/" + url.PathEscape(string(p.Dispatch))
		if q.may(cordon.PlaceStops) {
			page.StopPath = "/stop?" + url.Values{"scope": {"dispatch"}, "dispatch": {string(p.Dispatch)}, "tenant": {string(p.Tenant)}}.Encode()
		}
	}
	if p.Incident != "" {
		page.Incident = "/incidents/" + url.PathEscape(string(p.Incident))
	}
	return page
}

// settleProblem takes a problem up, answers or closes it.
func (c *Console) settleProblem(w http.ResponseWriter, q *request) {
	outcome := q.PostFormValue("outcome")
	m := cordon.SettleProblem{To: cordon.ProblemState(q.PostFormValue("state"))}
	if m.To == cordon.ProblemAnswered {
		m.Outcome = outcome
	}
	if _, err := fmt.Sscan(q.PostFormValue("version"), &m.Version); err != nil {
		m.Version = 0
	}
	_, _, err := c.Reports.Settle(q.Context(), q.actor, cordon.ProblemID(q.PathValue("id")), m)
	c.problemDone(w, q, "problem-"+string(m.To), outcome, err)
}

func (c *Console) linkProblem(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, strings.TrimSpace(q.PostFormValue("incident")))
	switch cordon.CodeOf(err) {
	case "":
		_, err = c.Reports.Link(q.Context(), q.actor, cordon.ProblemID(q.PathValue("id")), i.ID)
	case cordon.Missing:
		err = cordon.InvalidField("incident", "is not there, or is not yours", "give its number, as the list of incidents shows it")
	}
	c.problemDone(w, q, "problem-linked", "", err)
}

func (c *Console) problemDone(w http.ResponseWriter, q *request, done, outcome string, err error) {
	switch cordon.CodeOf(err) {
	case "":
		http.Redirect(w, q.Request, "/problems/"+url.PathEscape(q.PathValue("id"))+"?done="+done, http.StatusSeeOther)
	case cordon.Invalid, cordon.Conflict:
		c.showProblem(w, q, outcome, err)
	default:
		c.problem(w, q, err)
	}
}

// evidencePage is what one report says, made harmless.
type evidencePage struct {
	Row    reportRow
	Opened report.Opened
}

// openReport shows what a report says. It is a form and no link: each reading is
// on record, and nothing that only looks at links may make one.
func (c *Console) openReport(w http.ResponseWriter, q *request) {
	o, err := c.Reports.Evidence(q.Context(), q.actor, cordon.ReportID(q.PathValue("id")))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page := evidencePage{Row: rowOfReport(o.Report, c.names.tenant(o.Report.Tenant)), Opened: o}
	c.show(w, q, http.StatusOK, "report", frame{Title: o.Report.Name(), Section: "reports", Body: page})
}
