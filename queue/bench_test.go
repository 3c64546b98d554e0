package queue_test

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon/queue"
	"github.com/cordonmail/cordon/relay"
)

// BenchmarkRunner sends a bulk of b.N copies from a SQLite file through the
// whole queue and a real connection to a sink in this process: claim, exit,
// open, render, last look, journal, SMTP, record.
func BenchmarkRunner(b *testing.B) {
	for _, signed := range []bool{false, true} {
		name := map[bool]string{false: "unsigned", true: "signed"}[signed]
		b.Run(name, func(b *testing.B) {
			w := real(b)
			p := w.practice("clinic", max(b.N, 20))
			c := letterOf(p.domain())
			c.Text += strings.Repeat("A line of seventy octets or so, as letters have, and its line end.\n", 24)
			p.version = p.approve(c)
			d := p.bulk()
			client := relay.New(relay.Config{Addr: sink(b), TLS: relay.TLSOff, MessagesPerConn: 1 << 30})
			defer client.Close()
			b.ResetTimer()
			r, stop := w.start(func(c *queue.Config) {
				c.Relay, c.Connections, c.Poll = client, 20, 500*time.Millisecond
				if signed {
					c.Signer = relay.NewSigner(0)
				}
			})
			w.books.until(b, "everything is recorded", func() bool { return w.counts(d).Delivered == int64(max(b.N, 20)) })
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			stop()
			if got := w.counts(d); got.Delivered != got.Total() {
				b.Fatalf("counts %+v, stats %+v", got, r.Stats())
			}
		})
	}
}

func sink(b testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { swallow(c) })
		}
	})
	b.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// swallow takes everything.
func swallow(c net.Conn) {
	defer c.Close()
	br, bw := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	say := func(s string) {
		bw.WriteString(s)
		if br.Buffered() == 0 {
			bw.Flush()
		}
	}
	say("220 sink\r\n")
	for body := false; ; {
		line, err := br.ReadSlice('\n')
		if err != nil {
			return
		}
		switch {
		case body && string(line) != ".\r\n":
			continue
		case body:
			body = false
			say("250 2.0.0 ok\r\n")
		case bytes.HasPrefix(line, []byte("EHLO")):
			say("250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
		case bytes.HasPrefix(line, []byte("DATA")):
			body = true
			say("354 go\r\n")
		default:
			say("250 ok\r\n")
		}
	}
}
