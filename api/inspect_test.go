package api_test

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func TestInspectSaysWhatAMessageIs(t *testing.T) {
	w := newWorld(t)
	const mail = "message/rfc822"
	bounce := "From: MAILER-DAEMON@mx.example.net\r\nReturn-Path: <>\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program at mx.example.net.\r\n\r\n<lost@example.net>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n"
	r := w.must(200, w.operator("POST", "/v1/inspect", bounce, "Content-Type", mail))
	for key, want := range map[string]any{"kind": "bounce", "class": "hard", "status": "5.1.1", "reason": "user-unknown"} {
		if got := r.json(t)[key]; got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
	r = w.must(200, w.operator("POST", "/v1/inspect", `{"Version":"3"}`, "Content-Type", "application/json"))
	if r.json(t)["kind"] != "xarf" || r.json(t)["valid"] != false || !strings.Contains(r.text, `"field":"ReporterInfo"`) {
		t.Errorf("an invalid document is answered %s", r.text)
	}
	if r := w.operator("POST", "/v1/inspect", " ", "Content-Type", mail); r.status != 422 {
		t.Errorf("nothing to read is answered %d", r.status)
	}

	w.tenant("northside")
	_, secret := w.key(w.account("northside", "program", cordon.RoleSender), "northside", cordon.SendSingle)
	if r := w.with(secret, "POST", "/v1/inspect", bounce, "Content-Type", mail); r.status != 403 {
		t.Errorf("without the permission it answers %d", r.status)
	}
}
