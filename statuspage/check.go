package statuspage

import (
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/report"
)

// checkRoutes answer "is this mail really from you?", for people and for
// machines. A question is a POST: a code in an address would be left in logs.
func (s *Server) checkRoutes() []route {
	if s.Reports == nil {
		return nil
	}
	return []route{
		{"GET", "/check", s.checkForm, extra{}},
		{"POST", "/check", s.check, extra{cost: formCost, body: report.MaxForm + 64<<10}},
	}
}

type checkPage struct {
	Code     string
	Incident string
	Answer   *report.Answer
	Tone     string // class of the answer
	Head     string
	Notice   string // path of what is said about its incident; "" when nothing is public
	Fault    *fault
}

// noticePath leads to what is said about a public incident: its notice, or the
// announcements while there is none.
func (s *Server) noticePath(q *request, number int64) string {
	if number == 0 {
		return ""
	}
	if s.Notices != nil {
		if _, err := s.Notices.PublicPage(q.Context(), number, notice.PatientPage, cordon.English); err == nil {
			return "/notice/" + strconv.FormatInt(number, 10)
		}
	}
	return "/announcements"
}

func (s *Server) checkForm(w http.ResponseWriter, q *request) {
	s.showCheck(w, q, http.StatusOK, checkPage{})
}

func (s *Server) showCheck(w http.ResponseWriter, q *request, status int, page checkPage) {
	title, exercise := "Is this mail from us?", false
	if page.Answer != nil {
		title, exercise = page.Head, page.Answer.Exercise
	}
	s.show(w, q, status, "check", frame{Title: title, Section: "check", Private: page.Answer != nil, Exercise: exercise, Body: page,
		Summary: "Check whether a mail was really sent through this service, by its code or by the mail itself."})
}

// check answers the form, and JSON to who sends JSON: {"code", "incident"}, or a
// message as message/rfc822.
func (s *Server) check(w http.ResponseWriter, q *request) {
	machine := true
	var ask report.Question
	var err error
	switch media, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")); media {
	case "application/json":
		ask, err = jsonQuestion(q)
	case "message/rfc822":
		ask, err = mailQuestion(q)
	default:
		machine = false
		ask, err = formQuestion(q)
	}
	var a report.Answer
	if err == nil {
		a, err = s.Reports.Check(q.Context(), q.network, ask)
	}
	if machine {
		s.answerMachine(w, q, a, err)
		return
	}
	page := checkPage{Code: ask.Code}
	if ask.Incident != 0 {
		page.Incident = strconv.FormatInt(ask.Incident, 10)
	}
	switch cordon.CodeOf(err) {
	case "":
		page.Answer, page.Tone, page.Head, page.Notice = &a, answerTones[a.Verdict], answerHeads[a.Verdict], s.noticePath(q, a.Number)
		if a.Proved && a.Verdict == report.Genuine {
			page.Tone, page.Head = "good", "Yes, this mail is from us"
		}
	case cordon.Internal:
		s.problem(w, q, err)
		return
	default:
		page.Fault = faultOf(err)
	}
	s.showCheck(w, q, statusOf(err), page)
}

var answerTones = map[report.Verdict]string{report.Genuine: "good", report.InIncident: "alarm", report.NotOurs: "alarm", report.CannotTell: "warn"}

var answerHeads = map[report.Verdict]string{
	report.Genuine: "The code is ours", report.InIncident: "This mail should not have been sent",
	report.NotOurs: "This is not from us", report.CannotTell: "We cannot tell",
}

func formQuestion(q *request) (report.Question, error) {
	message, err := uploaded(q, "message")
	if err != nil {
		return report.Question{}, err
	}
	if pasted := q.PostFormValue("pasted"); len(message) == 0 && strings.TrimSpace(pasted) != "" {
		message = []byte(pasted)
	}
	ask := report.Question{Code: q.PostFormValue("code"), Message: message}
	if text := strings.TrimSpace(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(q.PostFormValue("incident"))), "INC-")); text != "" {
		if ask.Incident, err = strconv.ParseInt(text, 10, 64); err != nil || ask.Incident < 1 {
			return ask, cordon.InvalidField("the incident", "is not a number", "write it like 12, or leave it empty")
		}
	}
	return ask, nil
}

func jsonQuestion(q *request) (report.Question, error) {
	var in struct {
		Code     string `json:"code"`
		Incident int64  `json:"incident"`
	}
	dec := json.NewDecoder(q.Body)
	dec.DisallowUnknownFields()
	if dec.Decode(&in) != nil {
		return report.Question{}, cordon.InvalidField("body", "is not the JSON expected", `send {"code": "…"}`)
	}
	return report.Question{Code: in.Code, Incident: in.Incident}, nil
}

func mailQuestion(q *request) (report.Question, error) {
	raw := make([]byte, 0, 32<<10)
	buffer := make([]byte, 32<<10)
	for len(raw) <= report.MaxForm {
		n, err := q.Body.Read(buffer)
		raw = append(raw, buffer[:n]...)
		if err != nil {
			break
		}
	}
	return report.Question{Message: raw}, nil
}

// answerMachine answers JSON, a problem (RFC 9457) when there is one.
func (s *Server) answerMachine(w http.ResponseWriter, q *request, a report.Answer, err error) {
	if err == nil {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a) // the caller is gone when this fails
		return
	}
	if cordon.CodeOf(err) == cordon.Internal {
		s.Log.ErrorContext(q.Context(), "a mail was not checked", "error", err)
	}
	f := faultOf(err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(statusOf(err))
	_ = json.NewEncoder(w).Encode(map[string]any{"status": statusOf(err), "title": f.Message, "detail": f.Remedy, "code": cordon.CodeOf(err)})
}
