package console

import (
	"net/http"
	"net/url"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

// noticesPage lists incidents in which somebody may have to be told.
type noticesPage struct {
	Identity cordon.NoticeIdentity
	Named    bool // by whom notices are sent is set
	Rows     []noticeRow
	Next     string
}

type noticeRow struct {
	Incident   cordon.Incident
	Tone, Word string
}

const noticesAPage = 50

func (c *Console) notices(w http.ResponseWriter, q *request) {
	p := noticesPage{}
	var err error
	if p.Identity, err = c.Notices.Identity(q.Context(), q.actor); err != nil && cordon.CodeOf(err) != cordon.Missing {
		c.problem(w, q, err)
		return
	}
	p.Named = err == nil
	all, next, err := c.Incidents.List(q.Context(), q.actor, cordon.IncidentFilter{}, q.page(noticesAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	for _, i := range all {
		row := noticeRow{Incident: i, Tone: "note", Word: string(i.State)}
		if i.State.Open() {
			row.Tone = "warn"
		}
		p.Rows = append(p.Rows, row)
	}
	if next != "" {
		p.Next = "/notices?" + url.Values{"after": {next}}.Encode()
	}
	c.show(w, q, http.StatusOK, "notices", frame{Title: "Notices", Section: "incidents", Body: p})
}

// noticePage is one incident's notice: the facts as a form, what they become, and
// what approving does.
type noticePage struct {
	Incident   cordon.Incident
	Act        notice.Act
	Language   cordon.Language
	Languages  []tongueLink
	Fields     []factField
	Letters    []letterLink
	Preview    letterView
	State      string
	Tone       string
	Tellings   []tellingRow
	Next       string
	MayEdit    bool
	MayApprove bool
	Draft      bool
	Corrects   bool
	Fault      *fault
	History    []cordon.NoticeFacts
}

type tongueLink struct {
	Language cordon.Language
	Name     string
	Current  bool
	Stale    bool // its texts are no translation of what the English ones say now
}

type factField struct {
	Name     cordon.NoticeField
	Label    string
	Value    string
	Rows     int
	Optional bool
	Help     string
}

type letterLink struct {
	Name    notice.Letter
	Label   string
	Current bool
}

// letterView is one text as it would be read.
type letterView struct {
	Label string
	Doc   notice.Document
	Fault *fault
}

type tellingRow struct {
	cordon.Telling
	Tone, Word   string
	FollowUpWord string
	Packet       string
}

// letterLabel says what a text is.
func letterLabel(l notice.Letter) string {
	switch l {
	case notice.PatientPage:
		return "Page for patients"
	case notice.PracticePage:
		return "Page for practices"
	case notice.SampleLetter:
		return "Sample letter"
	case notice.TenantLetter:
		return "To tenants"
	case notice.FollowUp:
		return "To the people"
	case notice.StatusPost:
		return "Status post"
	}
	return string(l)
}

func (c *Console) notice(w http.ResponseWriter, q *request) {
	c.noticeWith(w, q, http.StatusOK, nil, nil)
}

// noticeWith shows the notice, with what a person typed in place of what is stored
// when that could not be stored.
func (c *Console) noticeWith(w http.ResponseWriter, q *request, status int, typed map[cordon.NoticeField]string, because error) {
	p, err := c.noticeOf(q, typed)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	p.Fault = faultOf(because)
	c.show(w, q, status, "notice", frame{Title: "Notice of " + p.Incident.Name(), Section: "incidents", Body: p})
}

func (c *Console) noticeOf(q *request, typed map[cordon.NoticeField]string) (noticePage, error) {
	p := noticePage{Language: languageOf(q)}
	var err error
	if p.Incident, err = c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident")); err != nil {
		return p, err
	}
	if p.Act, err = c.Notices.Look(q.Context(), q.actor, p.Incident.ID); err != nil {
		return p, err
	}
	p.MayEdit, p.MayApprove = q.actor.Can(cordon.ManageNotices, ""), q.actor.Can(cordon.ApproveNotices, "")
	p.fill(c.Notices.Tongues(), typed)
	p.Preview = c.letterOf(q, p.Act.Facts, p.Language)
	p.letters(p.Preview.Label)
	list, next, err := c.Notices.Tellings(q.Context(), q.actor, p.Incident.ID, q.page(noticesAPage))
	if err != nil {
		return p, err
	}
	for _, n := range list {
		p.Tellings = append(p.Tellings, tellingRowOf(n))
	}
	if next != "" {
		p.Next = "/notices/" + url.PathEscape(string(p.Incident.ID)) + "?" + url.Values{"after": {next}}.Encode()
	}
	p.History, err = c.Notices.History(q.Context(), q.actor, p.Incident.ID)
	return p, err
}

func languageOf(q *request) cordon.Language {
	for _, l := range cordon.Languages() {
		if q.FormValue("language") == string(l) {
			return l
		}
	}
	return cordon.English
}

// fill draws the form.
func (p *noticePage) fill(tongues []*notice.Tongue, typed map[cordon.NoticeField]string) {
	f := p.Act.Facts
	p.Draft, p.Corrects = f.State == cordon.FactsDraft, f.Seq > 1
	p.State, p.Tone = "Approved", "good"
	switch {
	case p.Draft && p.Corrects:
		p.State, p.Tone = "A correction waits for approval", "held"
	case p.Draft:
		p.State, p.Tone = "A draft", "held"
	}
	offered := map[cordon.Language]bool{}
	for _, l := range p.Act.Offers {
		offered[l] = true
	}
	for _, t := range tongues {
		p.Languages = append(p.Languages, tongueLink{Language: t.Language, Name: t.Name, Current: t.Language == p.Language, Stale: !offered[t.Language]})
	}
	english := tongues[0]
	for _, n := range cordon.NoticeFields() {
		if n.Quoted() && p.Language != cordon.English {
			continue // quoted as it was seen, once
		}
		field := factField{Name: n, Label: english.Fields[string(n)], Value: f.Texts[p.Language].Text[n], Rows: 3, Optional: !n.Required()}
		if v, ok := typed[n]; ok {
			field.Value = v
		}
		switch n {
		case cordon.NoticeSubject, cordon.NoticeLinks, cordon.NoticeContact:
			field.Rows = 2
		case cordon.NoticeAdvice:
			field.Rows = 6
		}
		if n == cordon.NoticeSample {
			field.Help = "As it was seen. Links and addresses in it are made harmless wherever it is shown."
		}
		p.Fields = append(p.Fields, field)
	}
}

func (p *noticePage) letters(current string) {
	for _, l := range notice.Letters() {
		p.Letters = append(p.Letters, letterLink{Name: l, Label: letterLabel(l), Current: letterLabel(l) == current})
	}
}

// letterOf renders the text that the request asks for.
func (c *Console) letterOf(q *request, f cordon.NoticeFacts, l cordon.Language) letterView {
	name := notice.PatientPage
	for _, letter := range notice.Letters() {
		if q.FormValue("letter") == string(letter) {
			name = letter
		}
	}
	v := letterView{Label: letterLabel(name)}
	var err error
	v.Doc, err = c.Notices.PreviewOf(q.Context(), q.actor, f, name, l, "")
	v.Fault = faultOf(err)
	return v
}

func tellingRowOf(n cordon.Telling) tellingRow {
	row := tellingRow{Telling: n, Packet: notice.PacketPath(n.Incident, n.Tenant)}
	switch {
	case n.State == cordon.TellingTold:
		row.Tone, row.Word = "good", "Told"
	case n.State == cordon.TellingOtherwise:
		row.Tone, row.Word = "good", "Told otherwise"
	case n.Contacts == 0:
		row.Tone, row.Word = "incident", "Cannot be told: no contact"
	default:
		row.Tone, row.Word = "warn", "Being told"
	}
	switch n.FollowUp {
	case cordon.FollowUpPlanned, cordon.FollowUpWritten:
		row.FollowUpWord = "being written to"
	case cordon.FollowUpAccepted:
		row.FollowUpWord = "written to"
	case cordon.FollowUpNobody:
		row.FollowUpWord = "nobody can be mailed"
	case cordon.FollowUpWaived:
		row.FollowUpWord = "not from here: " + n.Waived
	default:
		row.FollowUpWord = "not written to yet"
	}
	return row
}
