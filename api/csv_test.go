package api

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A list that breaks off must never look like a whole one: before its first row a
// fault is an answer of its own, after it the connection ends.
func TestAListIsWholeOrBrokenOff(t *testing.T) {
	fault := errors.New("the store is away")
	send := func(w http.ResponseWriter, rows int, fault error) (aborted bool, logged string, err error) {
		var log bytes.Buffer
		a := &API{Config: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}
		defer func() {
			logged = log.String()
			if p := recover(); p != nil {
				aborted = p == any(http.ErrAbortHandler)
			}
		}()
		file := a.csvFile(&exchange{w: w, id: "req_1"}, "list.csv", "who", "what")
		for range rows {
			if err := file.row([]string{"rcp_1", "delivered"}); err != nil {
				return false, "", file.end(err)
			}
		}
		return false, "", file.end(fault)
	}

	w := httptest.NewRecorder()
	if aborted, _, err := send(w, 0, fault); err != fault || aborted || w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("a fault before the first row: %v, aborted %v, sent %q", err, aborted, w.Body)
	}
	if aborted, logged, err := send(httptest.NewRecorder(), 2, fault); err != nil || !aborted || !strings.Contains(logged, "store is away") {
		t.Errorf("a fault after a row: %v, aborted %v, logged %q", err, aborted, logged)
	}
	w = httptest.NewRecorder()
	if aborted, _, err := send(w, 0, nil); err != nil || aborted || w.Body.String() != "who,what\n" {
		t.Errorf("an empty list: %v, aborted %v, sent %q", err, aborted, w.Body)
	}
	w = httptest.NewRecorder()
	if aborted, _, err := send(w, 1, nil); err != nil || aborted || w.Body.String() != "who,what\nrcp_1,delivered\n" || !strings.Contains(w.Header().Get("Content-Disposition"), "list.csv") {
		t.Errorf("a list: %v, aborted %v, sent %q", err, aborted, w.Body)
	}
	// Whose reader has gone is not our fault: nothing to log.
	for _, rows := range []int{1, 5000} {
		if aborted, logged, err := send(gone{httptest.NewRecorder()}, rows, nil); err != nil || !aborted || logged != "" {
			t.Errorf("%d rows for nobody: %v, aborted %v, logged %q", rows, err, aborted, logged)
		}
	}
}

// gone is a connection that nobody reads.
type gone struct{ *httptest.ResponseRecorder }

func (gone) Write([]byte) (int, error) { return 0, errors.New("write: broken pipe") }
