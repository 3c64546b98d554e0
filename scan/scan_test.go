package scan_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/scan"
)

func TestWithoutAScannerEverythingPasses(t *testing.T) {
	s := scan.New(scan.Config{Hold: 3})
	if s != nil {
		t.Fatal("a Scanner was made of nothing")
	}
	expect(t, s.Scan(context.Background(), letter("x"), sender), cordon.Pass, "", "")
	if err := s.Check(context.Background()); err != nil || s.Status(context.Background()) != nil {
		t.Errorf("check: %v", err)
	}
	s.Close()
}

func TestFaultsOfTheSettings(t *testing.T) {
	local := "http://127.0.0.1:11333"
	for field, configs := range map[string][]scan.Config{
		"": {
			{}, {Rspamd: local}, {Rspamd: local + "/"}, {Rspamd: "https://scanner.internal"}, {Rspamd: "http://[::1]:11333"}, {Rspamd: "http://10.1.2.3:11333"},
			{ClamAV: "tcp://localhost:3310"}, {ClamAV: "tcp://[fd00::1]:3310"}, {ClamAV: "unix:/run/clamav/clamd.ctl"}, {ClamAV: "unix:///run/clamd.ctl"},
			{Rspamd: local, Hold: 3, Refuse: 3, Timeout: time.Minute, Password: "q"},
		},
		"scan.rspamd": {
			{Rspamd: "127.0.0.1:11333"}, {Rspamd: "ftp://127.0.0.1"}, {Rspamd: "http://"}, {Rspamd: local + "/checkv2"}, {Rspamd: local + "?a=b"},
			{Rspamd: "http://user:word@127.0.0.1:11333"}, {Rspamd: "http://8.8.8.8:11333"}, {Rspamd: "http://[2001:db8::1]:11333"}, {Rspamd: "http://127.0.0.1:0"},
			{Rspamd: "http://127.0.0.1:99999"}, {Rspamd: "http://[::ffff:8.8.8.8]"},
		},
		"scan.clamav": {
			{ClamAV: "127.0.0.1:3310"}, {ClamAV: "tcp://127.0.0.1"}, {ClamAV: "tcp://:3310"}, {ClamAV: "unix:clamd.ctl"}, {ClamAV: "unix:"}, {ClamAV: "tcp://8.8.8.8:3310"},
			{ClamAV: "tcp://127.0.0.1:clam"}, {ClamAV: "unix:/run/a\nb"},
		},
		"scan.timeout":       {{Rspamd: local, Timeout: time.Millisecond}, {Rspamd: local, Timeout: -1}, {Rspamd: local, Timeout: time.Hour}},
		"scan.hold":          {{Rspamd: local, Hold: -1}, {Rspamd: local, Hold: nan()}, {Rspamd: local, Hold: 1e9, Refuse: 1e9}},
		"scan.refuse":        {{Rspamd: local, Hold: 7, Refuse: 5}, {Rspamd: local, Refuse: nan()}, {Rspamd: local, Refuse: 1e9}},
		"scan.connections":   {{Rspamd: local, Connections: -1}},
		"scan.password_file": {{Rspamd: local, Password: "a\nb"}},
	} {
		for _, c := range configs {
			err := c.Validate()
			if field == "" {
				if err != nil {
					t.Errorf("%+v: %v", c, err)
				}
				continue
			}
			if cordon.CodeOf(err) != cordon.Invalid || !strings.HasPrefix(err.Error(), field+": ") {
				t.Errorf("%+v: %v, not %s", c, err, field)
			}
			s := scan.New(c)
			expect(t, s.Scan(context.Background(), letter("x"), sender), cordon.Hold, cordon.Unavailable, "not set up rightly")
			if err := s.Check(context.Background()); cordon.CodeOf(err) != cordon.Unavailable {
				t.Errorf("check: %v", err)
			}
			s.Close()
		}
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

// farSide answers each connection by serve.
func farSide(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { defer conn.Close(); serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait() })
	return l.Addr().String()
}

// hang reads and never answers; it ends when the other side does.
func hang(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestAScannerThatHangsHolds(t *testing.T) {
	silent := farSide(t, hang)
	// Half an answer, and no more.
	half := farSide(t, func(conn net.Conn) {
		_, _ = bufio.NewReader(conn).ReadString('\n')
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"score\":")
		hang(conn)
	})
	halfReply := farSide(t, func(conn net.Conn) { fmt.Fprint(conn, "stream: O"); hang(conn) })
	for _, c := range []scan.Config{
		{Rspamd: "http://" + silent}, {Rspamd: "http://" + half}, {ClamAV: "tcp://" + silent}, {ClamAV: "tcp://" + halfReply},
		{Rspamd: "http://" + silent, ClamAV: "tcp://" + silent},
	} {
		c.Timeout = 100 * time.Millisecond
		s, _ := scanner(t, c)
		// That this returns at all is the test: no far side ever ends by itself.
		expect(t, s.Scan(context.Background(), letter("x"), sender), cordon.Hold, cordon.Unavailable, "did not answer in time")
		if err := s.Check(context.Background()); cordon.CodeOf(err) != cordon.Unavailable {
			t.Errorf("check: %v", err)
		}
		// The caller's own time counts, too.
		c.Timeout = time.Minute
		slow, _ := scanner(t, c)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		expect(t, slow.Scan(ctx, letter("x"), sender), cordon.Hold, cordon.Unavailable, "did not answer in time")
		cancel()
	}
}

// With one connection, and that one hanging, those who wait for it are held too.
func TestWaitingForAFreeConnectionHolds(t *testing.T) {
	var opened atomic.Int32
	first := make(chan struct{})
	at := farSide(t, func(conn net.Conn) {
		if opened.Add(1) == 1 {
			close(first)
		}
		hang(conn)
	})
	s, _ := scanner(t, scan.Config{ClamAV: "tcp://" + at, Connections: 1, Timeout: patient})
	long, end := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		expect(t, s.Scan(long, letter("x"), sender), cordon.Hold, cordon.Unavailable, "did not answer in time")
	})
	<-first
	var waiting sync.WaitGroup
	for range 8 {
		waiting.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			expect(t, s.Scan(ctx, letter("x"), sender), cordon.Hold, cordon.Unavailable, "did not answer in time")
		})
	}
	waiting.Wait()
	end()
	all.Wait()
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections were opened", n)
	}
}

func TestRspamdAnswersThatAreNone(t *testing.T) {
	const good = `{"is_skipped":false,"score":0.1,"required_score":15,"action":"no action","symbols":{},"message-id":"undef"}`
	reply := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	elsewhere := httptest.NewServer(reply(200, good))
	defer elsewhere.Close()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    cordon.Decision
		says    string
	}{
		"good": {reply(200, good), cordon.Pass, ""},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, cordon.Hold, "not understood"},
		"error":       {reply(500, good), cordon.Hold, "fault of its own"},
		"forbidden":   {reply(403, good), cordon.Hold, "fault of its own"},
		"too large":   {reply(413, ""), cordon.Hold, "did not read"},
		"no content":  {reply(204, ""), cordon.Hold, "fault of its own"},
		"empty":       {reply(200, ""), cordon.Hold, "not understood"},
		"endless":     {reply(200, good[:len(good)-1]+`,"x":"`+strings.Repeat("x", 2<<20)+`"}`), cordon.Hold, "not understood"},
		"two answers": {reply(200, good+good), cordon.Hold, "not understood"},
		"breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, good)
		}, cordon.Hold, "not understood"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, cordon.Hold, "broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			far := httptest.NewServer(c.handler)
			defer far.Close()
			s, _ := scanner(t, scan.Config{Rspamd: far.URL, Timeout: patient})
			code := cordon.Unavailable
			if c.want == cordon.Pass {
				code = ""
			}
			expect(t, s.Scan(context.Background(), letter("x"), sender), c.want, code, c.says)
			s.Close()
		})
	}
}

// The request is the whole protocol; it names no recipient.
func TestTheRequestToRspamd(t *testing.T) {
	var mu sync.Mutex
	var seen []*http.Request
	var bodies []string
	conns := map[string]bool{}
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen, bodies, conns[r.RemoteAddr] = append(seen, r), append(bodies, string(body)), true
		_, _ = io.WriteString(w, `{"score":-1.5,"action":"no action","symbols":{"A":{"score":-1.5}},"message-id":"x"}`)
	}))
	defer far.Close()
	s, _ := scanner(t, scan.Config{Rspamd: far.URL, Password: "open sesame", Timeout: patient})
	raw := letter("x")
	expect(t, s.Scan(context.Background(), raw, sender), cordon.Pass, "", "")
	expect(t, s.Scan(context.Background(), raw, ""), cordon.Pass, "", "")
	s.Close()
	if len(seen) != 2 || bodies[0] != string(raw) || seen[0].Method != "POST" || seen[0].URL.Path != "/checkv2" {
		t.Fatalf("asked %d times", len(seen))
	}
	if len(conns) != 1 {
		t.Errorf("%d connections for two scans", len(conns))
	}
	for name, want := range map[string]string{"From": sender, "User": "cordon", "Pass": "all", "Password": "open sesame", "Rcpt": "", "Settings-Id": "", "Idempotency-Key": "", "Accept-Encoding": ""} {
		if got := seen[0].Header.Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if got := seen[1].Header.Get("From"); got != "<>" {
		t.Errorf("the empty sender is %q", got)
	}
}

// clamd plays the far side of clamd: replies by command.
func clamd(t *testing.T, replies func(command string, stream []byte) string) string {
	return farSide(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		command, err := r.ReadString(0)
		if err != nil {
			return
		}
		var stream []byte
		for command == "zINSTREAM\x00" {
			var size [4]byte
			if _, err := io.ReadFull(r, size[:]); err != nil || size == [4]byte{} {
				break
			}
			chunk := make([]byte, binary.BigEndian.Uint32(size[:]))
			if _, err := io.ReadFull(r, chunk); err != nil {
				return
			}
			stream = append(stream, chunk...)
		}
		_, _ = io.WriteString(conn, replies(command, stream))
	})
}

func TestClamAVAnswersThatAreNone(t *testing.T) {
	for reply, says := range map[string]string{
		"":                                  "broke off",
		"stream: OK":                        "not understood", // cut off before its end
		"stream: OK\n":                      "not understood",
		"stream: ok\x00":                    "not understood",
		"OK\x00":                            "not understood",
		"stream: FOUND\x00":                 "not understood",
		"FOUND\x00":                         "not understood",
		"UNKNOWN COMMAND\x00":               "not understood",
		"stream: lstat() failed. ERROR\x00": "fault of its own",
		strings.Repeat("x", 1<<16):          "",
	} {
		at := clamd(t, func(_ string, stream []byte) string {
			if strings.HasPrefix(string(stream), "PK") { // the probe
				return "stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\x00"
			}
			return reply
		})
		s, _ := scanner(t, scan.Config{ClamAV: "tcp://" + at, Timeout: patient})
		v := s.Scan(context.Background(), letter("x"), sender)
		if v.Decision != cordon.Hold || v.Code != cordon.Unavailable || len(v.Reasons) != 1 || !strings.Contains(v.Reasons[0].Message, says) {
			t.Errorf("%q: %+v", reply, v)
		}
	}
}

// What a scan cannot know, whether clamd has been started with other settings,
// is asked again after every failure, and by Check.
func TestClamAVIsProbedAgain(t *testing.T) {
	var mu sync.Mutex
	strict, failing, probes := true, false, 0
	set := func(s, f bool) { mu.Lock(); defer mu.Unlock(); strict, failing = s, f }
	at := clamd(t, func(command string, stream []byte) string {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case command == "zVERSION\x00":
			return "ClamAV 1.4.6/1/Sun Nov 22 10:00:00 2026\x00"
		case failing:
			return ""
		case strings.HasPrefix(string(stream), "PK"):
			probes++
			if strict {
				return "stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\x00"
			}
		}
		return "stream: OK\x00"
	})
	s, _ := scanner(t, scan.Config{ClamAV: "tcp://" + at, Timeout: patient})
	ctx := context.Background()
	for range 3 {
		expect(t, s.Scan(ctx, letter("x"), sender), cordon.Pass, "", "")
	}
	if probes != 1 {
		t.Errorf("probed %d times", probes)
	}
	set(false, true)
	expect(t, s.Scan(ctx, letter("x"), sender), cordon.Hold, cordon.Unavailable, "broke off")
	set(false, false)
	expect(t, s.Scan(ctx, letter("x"), sender), cordon.Hold, cordon.Unavailable, "AlertExceedsMax")
	set(true, false)
	expect(t, s.Scan(ctx, letter("x"), sender), cordon.Pass, "", "")
	set(false, false)
	if err := s.Check(ctx); err == nil {
		t.Error("a lenient clamd passed the check")
	}
	expect(t, s.Scan(ctx, letter("x"), sender), cordon.Hold, cordon.Unavailable, "AlertExceedsMax")
	set(true, false)
	if status := s.Status(ctx); status[0].Version != "ClamAV 1.4.6/1/Sun Nov 22 10:00:00 2026" || status[0].Problem != "" {
		t.Errorf("status %+v", status)
	}
}
