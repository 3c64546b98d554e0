package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func TestEveryCodeHasItsStatus(t *testing.T) {
	a, x := bare(), &exchange{id: "req_test", r: httptest.NewRequest(http.MethodGet, "/", nil)}
	for code, want := range map[cordon.Code]int{
		cordon.Invalid: 422, cordon.Denied: 403, cordon.Missing: 404, cordon.Conflict: 409, cordon.Held: 409,
		cordon.Stopped: 423, cordon.Limited: 429, cordon.Unavailable: 503, cordon.Internal: 500, "new": 500,
	} {
		p := a.problem(context.Background(), x, fmt.Errorf("verb: %w", &cordon.Error{Code: code, Field: "from.address", Message: "is wrong", Remedy: "correct it"}))
		if p.Status != want {
			t.Errorf("%s answers %d, want %d", code, p.Status, want)
		}
		if (want == 429 || want == 503) != (p.GetHeaders().Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After is %q", code, p.GetHeaders().Get("Retry-After"))
		}
		if want == 500 {
			if p.Code != cordon.Internal || p.Field != "" || p.Remedy != "" || strings.Contains(p.Detail, "is wrong") {
				t.Errorf("%s lets our own words out: %+v", code, p)
			}
		} else if p.Field != "from.address" || p.Detail != "is wrong" || p.Remedy != "correct it" || p.Code != code {
			t.Errorf("%s loses its words: %+v", code, p)
		}
		if p.Instance != "urn:cordon:request:req_test" {
			t.Errorf("%s names the call %q", code, p.Instance)
		}
	}
}

func TestForeignErrorsStayInside(t *testing.T) {
	a, x := bare(), &exchange{id: "req_test", r: httptest.NewRequest(http.MethodGet, "/", nil)}
	p := a.problem(context.Background(), x, errors.New("dial tcp 10.0.0.7: password secret"))
	if p.Status != 500 || strings.Contains(p.Detail+p.Title+p.Remedy, "10.0.0.7") {
		t.Errorf("answered %+v", p)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if p := a.problem(gone, x, gone.Err()); p.Status != 503 {
		t.Errorf("a call given up answers %d", p.Status)
	}
}

func TestAPanicIsAProblemToo(t *testing.T) {
	a := bare()
	a.mux.HandleFunc("GET /v1/boom", func(http.ResponseWriter, *http.Request) { panic("secret detail") })
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/boom", nil))
	if w.Code != 500 || w.Header().Get("Content-Type") != problemType || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func TestSpreadsheetsRunNothing(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+61": "'+61", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "P-1": "P-1", "": ""} {
		if got := cell(in); got != want {
			t.Errorf("cell(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"", `""`, `"a"`, "a", `"`, "ä", "a b", "\x00", strings.Repeat("x", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		key, err := idempotencyKey(given)
		if err == nil && strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q became %q", given, key)
		}
		if err == nil && given != "" && key == "" {
			t.Errorf("%q became no key at all", given)
		}
	})
}

func FuzzCSVRows(f *testing.F) {
	for _, seed := range []string{"", "recipient\n", "recipient,a\nx,y\n", "\xef\xbb\xbfrecipient,a\r\nx,\"y\n\"\"z\"\r\n", "recipient,a\n\"", "recipient,a\nx\n", "recipient,a\nx,\xff\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		failed := false
		for row, err := range csvRows(strings.NewReader(text)) {
			switch {
			case failed:
				t.Fatal("rows go on after a fault")
			case err != nil:
				failed = true
				if cordon.CodeOf(err) != cordon.Invalid {
					t.Fatalf("a caller's fault is %s: %v", cordon.CodeOf(err), err)
				}
			case row.Line < 1:
				t.Fatalf("row without a line: %+v", row)
			}
		}
	})
}
