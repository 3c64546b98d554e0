package relay_test

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/relay"
)

// sink takes everything: the least a server can do, for measuring the client.
func sink(b *testing.B, ehlo string) string {
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
			wg.Go(func() { swallow(c, ehlo) })
		}
	})
	b.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

func swallow(c net.Conn, ehlo string) {
	defer c.Close()
	br, bw := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	say := func(s string) bool {
		bw.WriteString(s)
		return br.Buffered() > 0 || bw.Flush() == nil
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
			say(ehlo)
		case bytes.HasPrefix(line, []byte("DATA")):
			body = true
			say("354 go\r\n")
		default:
			say("250 ok\r\n")
		}
	}
}

func BenchmarkSend(b *testing.B) {
	data := []byte(strings.Replace(letter, "plain\r\n", strings.Repeat("A line of seventy octets or so, as letters have, and its line end.\r\n", 28), 1))
	for name, ehlo := range map[string]string{"pipelined": pipelining, "one-by-one": plain} {
		b.Run(name, func(b *testing.B) {
			c := relay.New(relay.Config{Addr: sink(b, ehlo), TLS: relay.TLSOff})
			defer c.Close()
			env := message.Envelope{From: "a@clinic.example", To: "b@home.example", Data: data}
			b.SetParallelism(10)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if out := c.Send(b.Context(), env, yes); out.State != cordon.Delivered {
						b.Errorf("outcome %+v", out)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
