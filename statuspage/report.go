package statuspage

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
)

// reportRoutes are the ways in which people outside tell of a mail, and where
// they see what became of it. They post something, so they are never files.
func (s *Server) reportRoutes() []route {
	if s.Reports == nil {
		return nil
	}
	upload := extra{cost: formCost, body: report.MaxForm + 64<<10}
	return []route{
		{"GET", "/report", s.reportForm, extra{}},
		{"POST", "/report", s.fileReport, upload},
		{"GET", "/report/{tracking}", s.tracked, extra{}},
		{"POST", "/report/{tracking}", s.proveReporter, extra{cost: formCost}},
		{"GET", "/m/{code}", s.clicked, extra{}},
		{"POST", "/m/{code}", s.click, extra{cost: formCost}},
	}
}

// reportPage is the form, and the answer to it.
type reportPage struct {
	Form     report.Form
	Done     string
	Tracking string
	Fault    *fault
}

func (s *Server) reportForm(w http.ResponseWriter, q *request) {
	s.showReport(w, q, http.StatusOK, reportPage{})
}

func (s *Server) showReport(w http.ResponseWriter, q *request, status int, page reportPage) {
	title := "Report a mail"
	if page.Done != "" {
		title = "Thank you"
	}
	s.show(w, q, status, "report", frame{Title: title, Section: "report", Private: page.Done != "", Body: page})
}

func (s *Server) fileReport(w http.ResponseWriter, q *request) {
	form, err := readForm(q)
	if err == nil {
		var r cordon.Report
		if r, err = s.Reports.Fill(q.Context(), q.network, form); err == nil {
			s.showReport(w, q, http.StatusOK, reportPage{Done: r.Name(), Tracking: r.Tracking})
			return
		}
	}
	if cordon.CodeOf(err) == cordon.Internal {
		s.problem(w, q, err)
		return
	}
	form.Message = nil
	s.showReport(w, q, statusOf(err), reportPage{Form: form, Fault: faultOf(err)})
}

// readForm reads the form of /report, with or without a file.
func readForm(q *request) (report.Form, error) {
	message, err := uploaded(q, "message")
	return report.Form{
		Kind: cordon.ReportKind(q.PostFormValue("kind")), Words: q.PostFormValue("text"), Code: q.PostFormValue("code"),
		Address: q.PostFormValue("address"), Message: message,
	}, err
}

// uploaded is the file in a form, whole; nil when there is none.
func uploaded(q *request, name string) ([]byte, error) {
	if !strings.HasPrefix(q.Header.Get("Content-Type"), "multipart/form-data") {
		if err := q.ParseForm(); err != nil {
			return nil, badForm(err)
		}
		return nil, nil
	}
	if err := q.ParseMultipartForm(report.MaxForm + 64<<10); err != nil { // in memory, never in a file
		return nil, badForm(err)
	}
	file, _, err := q.FormFile(name)
	if err != nil {
		return nil, nil
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, report.MaxForm+1))
	if err != nil {
		return nil, badForm(err)
	}
	return raw, nil
}

func badForm(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return cordon.InvalidField("the file", "is larger than 1 MB", "give the mail without its attachments, or its code")
	}
	return cordon.InvalidField("the form", "did not arrive whole", "send it again")
}

// trackedPage is what a reporter sees of his report.
type trackedPage struct {
	report.Tracked
	Tracking string
	Word     string // that was mailed to him alone; "" when he came without
	Asked    bool
	Notice   string
	Fault    *fault
}

func (s *Server) tracked(w http.ResponseWriter, q *request) { s.showTracked(w, q, trackedPage{}, nil) }

func (s *Server) showTracked(w http.ResponseWriter, q *request, page trackedPage, failed error) {
	page.Tracking, page.Word = q.PathValue("tracking"), q.URL.Query().Get("word")
	var err error
	if page.Tracked, err = s.Reports.Track(q.Context(), q.network, page.Tracking); err != nil {
		s.problem(w, q, err)
		return
	}
	page.Fault, page.Notice = faultOf(failed), s.noticePath(q, page.Incident.Number)
	s.show(w, q, statusOf(failed), "tracked", frame{Title: "Your report " + page.Name, Section: "report", Private: true, Exercise: page.Exercise, Body: page})
}

// proveReporter takes the word back that was mailed to the reporter.
func (s *Server) proveReporter(w http.ResponseWriter, q *request) {
	err := s.Reports.Prove(q.Context(), q.network, q.PathValue("tracking"), q.PostFormValue("word"))
	if cordon.CodeOf(err) == cordon.Internal {
		s.problem(w, q, err)
		return
	}
	if err != nil {
		err = cordon.InvalidField("the link", "is not the one that was mailed to you", "open it from that mail")
	}
	s.showTracked(w, q, trackedPage{Asked: err == nil}, err)
}

// clickPage is where the link in a message leads.
type clickPage struct {
	Code     string
	Done     string
	Tracking string
	Fault    *fault
}

// clicked only asks: programs that look at links in mail must report nothing.
func (s *Server) clicked(w http.ResponseWriter, q *request) {
	code, err := cordon.ParseMessageCode(q.PathValue("code"))
	if err != nil {
		s.problem(w, q, cordon.Errorf(cordon.Missing, "This link is not whole. Copy it again from the message, or report the message by the form."))
		return
	}
	s.show(w, q, http.StatusOK, "click", frame{Title: "What is wrong with this mail?", Section: "report", Private: true, Body: clickPage{Code: string(code)}})
}

// click takes what somebody says of the message whose link he followed. A mail
// program may post it by itself, as RFC 8058 3.2 has it for unsubscribing:
// Report-Spam=One-Click and nothing else.
func (s *Server) click(w http.ResponseWriter, q *request) {
	kind := cordon.ReportKind(q.PostFormValue("kind"))
	if kind == "" && q.PostFormValue("Report-Spam") == "One-Click" {
		kind = cordon.ReportUnwanted
	}
	page := clickPage{Code: q.PathValue("code")}
	r, err := s.Reports.Click(q.Context(), q.network, page.Code, kind)
	if cordon.CodeOf(err) == cordon.Internal {
		s.problem(w, q, err)
		return
	}
	if err != nil {
		page.Fault = faultOf(err)
	} else {
		page.Done, page.Tracking = r.Name(), url.PathEscape(r.Tracking)
	}
	s.show(w, q, statusOf(err), "click", frame{Title: "What is wrong with this mail?", Section: "report", Private: true, Body: page})
}
