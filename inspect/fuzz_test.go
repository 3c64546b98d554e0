package inspect

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/cordonmail/cordon/message"
)

// seeds are the real messages and a few of our own.
func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/real/*.*")
	if err != nil || len(files) == 0 {
		f.Fatalf("%v: %d seeds", err, len(files))
	}
	for _, path := range files {
		if raw := read(f, path); len(raw) < 5000 {
			f.Add(raw)
		}
	}
	f.Add(crlf(standard("x", "Final-Recipient: rfc822; lost@example.net\nAction: failed\nStatus: 5.1.1")))
	f.Add(crlf(arf("feedback-report", "message/feedback-report", "Feedback-Type: abuse")))
	f.Add(valid4(nil))
	f.Add(valid3(nil))
}

// holds is what must be true of every answer.
func holds(t *testing.T, raw []byte) {
	t.Helper()
	found, err := Read(raw)
	if err != nil {
		if len(bytes.TrimSpace(raw)) != 0 {
			t.Fatalf("something to read, and: %v", err)
		}
		return
	}
	again, err := Read(bytes.Clone(raw))
	if err != nil || !reflect.DeepEqual(found, again) {
		t.Fatal("the same message read twice is two things")
	}
	switch found.Kind {
	case Bounce:
		if found.Class == None {
			t.Fatal("a bounce of no class")
		}
	case Complaint, AutoReply, DeliveryReceipt, AbuseNotice, XARF, Other:
		if found.Class != None {
			t.Fatalf("%s is %s", found.Kind, found.Class)
		}
	default:
		t.Fatalf("kind %q", found.Kind)
	}
	if found.Status != "" && cleanStatus(found.Status) != found.Status {
		t.Fatalf("status %q", found.Status)
	}
	if (found.Kind == XARF) != (found.Report != nil) {
		t.Fatalf("%s with report %v", found.Kind, found.Report)
	}
	bounded(t, found, len(raw))
	for _, e := range found.Enclosed {
		if _, err := message.Parse(e.Raw); err != nil {
			t.Fatalf("an enclosed message is none: %v", err)
		}
	}
	if _, err := json.Marshal(found); err != nil {
		t.Fatal(err)
	}
}

// bounded says that an answer is no larger than the question allows.
func bounded(t *testing.T, f Found, size int) {
	t.Helper()
	total := len(f.Subject)
	for _, r := range f.Returns {
		total += len(r.Diagnostic) + len(r.RemoteMTA)
	}
	enclosed := 0
	for _, e := range f.Enclosed {
		enclosed += len(e.Raw)
	}
	if len(f.Recipients) > maxRecipients || len(f.Returns) > maxRecipients || len(f.Enclosed) > maxEnclosed || total > 1<<20 {
		t.Fatalf("%d recipients, %d returns, %d enclosed, %d bytes", len(f.Recipients), len(f.Returns), len(f.Enclosed), total)
	}
	// A message quoted in text grows by its header and by what its bytes become
	// in UTF-8; inside each other they are counted once for each level.
	if enclosed > 60*(size+1000) {
		t.Fatalf("%d bytes enclosed in %d", enclosed, size)
	}
	c := f.Clues
	if len(c.MessageIDs) > maxClues || len(c.Tokens) > maxClues || len(c.Codes) > maxClues || len(c.FeedbackIDs) > maxClues {
		t.Fatal("too many clues")
	}
	if f.Report != nil && len(f.Report.Faults) > maxFaults {
		t.Fatalf("%d faults", len(f.Report.Faults))
	}
}

func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) { holds(t, raw) })
}

func FuzzDSN(f *testing.F) {
	f.Add([]byte("Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; b@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no"))
	f.Add([]byte("Final-Recipient: utf-8; \\x{1F408}@example.net\nAction: delayed\nStatus: 4.0.0"))
	f.Fuzz(func(t *testing.T, status []byte) {
		for _, r := range readStatus(status) {
			if r.Action == "" || r.Class == "" || r.Status == "" || cleanStatus(r.Status) != r.Status {
				t.Fatalf("%+v", r)
			}
		}
		holds(t, append([]byte("Subject: x\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=c\r\n\r\n--c\r\nContent-Type: message/delivery-status\r\n\r\n"), status...))
	})
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte("Hi. This is the qmail-send program at x.\n\n<a@example.net>:\nno (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n" + returned))
	f.Add([]byte("   ----- Transcript of session follows -----\n>>> RCPT\n<<< 550 5.1.1 no\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		holds(t, append([]byte("From: MAILER-DAEMON@x.example\r\nReturn-Path: <>\r\nSubject: failure notice\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"), text...))
	})
}

func FuzzARF(f *testing.F) {
	f.Add([]byte("Feedback-Type: abuse\nVersion: 0.1\nOriginal-Rcpt-To: <a@example.net>\nIncidents: 7\nSource-IP: 192.0.2.1\nX-Own: y"))
	f.Fuzz(func(t *testing.T, fields []byte) {
		fb := readFeedback(fields)
		if !feedbackTypes[fb.Type] || fb.Incidents < 1 || len(fb.Fields) > maxReportFields || len(fb.RcptTo) > maxRecipients {
			t.Fatalf("%+v", *fb)
		}
		holds(t, append([]byte("Subject: x\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=c\r\n\r\n--c\r\nContent-Type: message/feedback-report\r\n\r\n"), fields...))
	})
}

func FuzzXARF(f *testing.F) {
	f.Add(valid4(nil))
	f.Add(valid3(nil))
	f.Add([]byte(`{"xarf_version":4,"evidence":[{"payload":7}],"reporter":[],"tags":{"a":null}}`))
	f.Add([]byte(`{"Version":"3","Report":{"Source":{"IP":1},"Attachment":[{"Data":"x"}]},"ReporterInfo":{}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if d, ok := readXARF(doc); ok && d.Valid() && (d.Version == "" || d.Type == "" || d.Major == 0) {
			t.Fatalf("valid, and says not what it is: %+v", d)
		}
		holds(t, doc)
	})
}

func FuzzForwarded(f *testing.F) {
	f.Add([]byte("---------- Forwarded message ---------\nFrom: a <a@example.net>\nDate: x\nSubject: y\nTo: <b@example.net>\n\nz\n"))
	f.Add([]byte("> From: a@example.net\n> To: b\n> Subject: y\n>\n> z\nOn 1 Nov, a <a@example.net> wrote:\n> q\n"))
	f.Add([]byte("----- Forwarded Message ----- From: a <a@example.net>To: b <b@example.net>Subject: x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		holds(t, append([]byte("Subject: Fwd: x\r\nTo: abuse@example.org\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nthis is spam\r\n"), text...))
	})
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte("From a@b Thu Jan  1 00:00:00 2026\nSubject: x\n\ny\n\nFrom a@b Thu Jan  1 00:00:00 2026\nSubject: z\n\nw\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if whole := bytes.Join(Messages(raw), nil); !bytes.Equal(whole, raw) {
			t.Fatal("a byte was lost between the messages")
		}
	})
}
