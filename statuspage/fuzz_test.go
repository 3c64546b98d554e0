package statuspage

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzRequest sends what strangers may send: any path, query, form or upload. It
// never breaks, and never repeats what was sent as markup.
func FuzzRequest(f *testing.F) {
	for _, s := range [][3]string{
		{"/", "", ""},
		{"/check?code=0123456789", "", ""},
		{"/check", "application/x-www-form-urlencoded", "code=abc<script>"},
		{"/check", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"message\"; filename=\"a.eml\"\r\n\r\nFrom: a@b.example\r\n\r\nHello\r\n--B--\r\n"},
		{"/report", "application/x-www-form-urlencoded", "kind=unwanted&text=it+came&address=a@b.example"},
		{"/report/00000000000000000000000000", "application/x-www-form-urlencoded", "kind=not-me"},
		{"/subscribe", "application/x-www-form-urlencoded", "address=a@b.example"},
		{"/subscribe/token", "", "x"},
		{"/unsubscribe/token", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
		{"/announcements/42837/1", "", ""},
		{"/api/v2/incidents.json", "", ""},
		{"/history?month=2007-05", "", ""},
	} {
		f.Add(s[0], s[1], s[2])
	}
	h, _, _ := hearing(f)
	const mark = "<fuzz-mark>"
	f.Fuzz(func(t *testing.T, path, kind, body string) {
		h.advance(time.Minute) // or the pace alone would answer
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		r := httptest.NewRequest(method, "/", strings.NewReader(body+mark))
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut("/"+strings.TrimPrefix(path, "/"), "?")
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		h.site.Handler().ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
			t.Fatalf("%s %q: %d %s", method, path, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), mark) && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Fatalf("%s %q answers with what was sent: %s", method, path, w.Body)
		}
	})
}
