package mailsink_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"github.com/cordonmail/cordon/mailsink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipes is a listener whose connections never touch a socket.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// open makes a sink on pipes and a client that talks to it.
func open(t *testing.T, config mailsink.Config) (*mailsink.Sink, *smtp.Client) {
	t.Helper()
	wire := newPipes()
	sink := mailsink.Serve(wire, config)
	near, far := net.Pipe()
	wire.conns <- far
	client := smtp.NewClient(near)
	t.Cleanup(func() {
		client.Close()
		if err := sink.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return sink, client
}

func letter(id, from, subject string) string {
	return fmt.Sprintf("Message-ID: <%s>\r\nFrom: North Clinic <%s>\r\nSubject: %s\r\nX-Cordon-Exercise: yes\r\n\r\nHello.\r\n", id, from, subject)
}

func TestEveryCopyIsCounted(t *testing.T) {
	sink, client := open(t, mailsink.Config{Keep: 10})
	send := func(to []string, text string) {
		t.Helper()
		if err := client.SendMail("bounce@relay.invalid", to, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	send([]string{"a@x.example"}, letter("1@n", "desk@north.example", "=?utf-8?q?Your_visit_=E2=80=93_soon?="))
	send([]string{"a@x.example", "b@x.example"}, letter("2@n", "desk@north.example", "News"))
	send([]string{"c@x.example"}, letter("3@n", "desk@south.example", "News"))
	send([]string{"c@x.example"}, letter("3@n", "desk@south.example", "News")) // again
	send([]string{"d@x.example"}, "no header at all\r\n")

	if n := sink.Taken(); n != 6 {
		t.Errorf("taken %d, want one a recipient", n)
	}
	if n := sink.Duplicates(); n != 1 {
		t.Errorf("%d duplicates, want 1: two recipients of one letter are none", n)
	}
	if north, south := sink.TakenFrom("north.example"), sink.TakenFrom("south.example"); north != 3 || south != 2 {
		t.Errorf("from north %d, from south %d", north, south)
	}
	if n := sink.TakenWith("north.example", "visit"); n != 1 {
		t.Errorf("with the words %d", n)
	}
	all, next := sink.Copies(0)
	if len(all) != 6 || next != 6 {
		t.Fatalf("%d copies, next %d", len(all), next)
	}
	first := all[0]
	if first.To != "a@x.example" || first.MessageID != "<1@n>" || first.Subject != "Your visit – soon" || first.FromName != "North Clinic" ||
		first.From != "desk@north.example" || first.Tag != "yes" || first.At.IsZero() || !strings.Contains(string(first.Data), "Hello.") {
		t.Errorf("the first copy is %+v", first)
	}
	if all[5].From != "bounce@relay.invalid" || all[5].MessageID != "" {
		t.Errorf("a message without a header is %+v", all[5])
	}
	if late, _ := sink.Copies(4); len(late) != 2 || late[0].MessageID != "<3@n>" {
		t.Errorf("since 4: %d", len(late))
	}
	if none, next := sink.Copies(99); len(none) != 0 || next != 6 {
		t.Errorf("beyond the end: %d, %d", len(none), next)
	}
	if all, _ := sink.Copies(-1); len(all) != 6 {
		t.Errorf("before the beginning: %d", len(all))
	}
}

func TestTheMailboxIsBounded(t *testing.T) {
	sink, client := open(t, mailsink.Config{Keep: 3})
	for i := range 8 {
		if err := client.SendMail("x@n.example", []string{"a@x.example"}, strings.NewReader(letter(fmt.Sprint(i), "desk@n.example", "News"))); err != nil {
			t.Fatal(err)
		}
	}
	all, _ := sink.Copies(0)
	for i, c := range all {
		if kept := c.Data != nil; kept != (i >= 5) {
			t.Errorf("message %d kept: %v", i, kept)
		}
		same, ok := sink.Copy(c.ID)
		if !ok || same.MessageID != c.MessageID {
			t.Errorf("copy %s is %s", c.ID, same.MessageID)
		}
	}
	for _, id := range []string{"8", "-1", "x", ""} {
		if _, ok := sink.Copy(id); ok {
			t.Errorf("there is a copy %q", id)
		}
	}
}

func TestTheOldestAreForgotten(t *testing.T) {
	sink, client := open(t, mailsink.Config{Most: 3})
	for _, id := range []string{"0", "0", "2", "3", "4"} {
		if err := client.SendMail("x@n.example", []string{"a@x.example"}, strings.NewReader(letter(id, "desk@n.example", "News"))); err != nil {
			t.Fatal(err)
		}
	}
	all, next := sink.Copies(0)
	if len(all) != 3 || next != 5 || all[0].ID != "2" || all[0].MessageID != "<2>" || all[0].Subject != "News" || all[0].Data != nil {
		t.Errorf("remembered %d of %d: %+v", len(all), next, all)
	}
	if same, ok := sink.Copy("4"); !ok || same.MessageID != "<4>" {
		t.Errorf("the newest is %+v, %v", same, ok)
	}
	if _, ok := sink.Copy("1"); ok {
		t.Error("a forgotten copy is still there")
	}
	if sink.Taken() != 5 || sink.TakenFrom("n.example") != 5 || sink.TakenWith("n.example", "News") != 3 || sink.Duplicates() != 0 {
		t.Errorf("taken %d, from n %d, with the words %d, %d duplicates", sink.Taken(), sink.TakenFrom("n.example"), sink.TakenWith("n.example", "News"), sink.Duplicates())
	}
}

func TestWithoutAMailboxCopiesAreOnlyCounted(t *testing.T) {
	sink, client := open(t, mailsink.Config{})
	if err := client.SendMail("x@n.example", []string{"a@x.example", "b@x.example"}, strings.NewReader(letter("1", "desk@n.example", "News"))); err != nil {
		t.Fatal(err)
	}
	if all, _ := sink.Copies(0); sink.Taken() != 2 || len(all) != 0 {
		t.Errorf("taken %d, kept %d", sink.Taken(), len(all))
	}
}

func TestARefusedCopyIsNotTaken(t *testing.T) {
	sink, client := open(t, mailsink.Config{Keep: 3, Answer: func(c mailsink.Copy) error {
		if c.To == "full@x.example" && c.Subject == "News" {
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
		}
		return nil
	}})
	err := client.SendMail("x@n.example", []string{"full@x.example"}, strings.NewReader(letter("1", "desk@n.example", "News")))
	var refused *smtp.SMTPError
	if !errors.As(err, &refused) || refused.Code != 452 || refused.EnhancedCode != (smtp.EnhancedCode{4, 2, 2}) {
		t.Errorf("answered %v", err)
	}
	if sink.Taken() != 0 {
		t.Errorf("taken %d", sink.Taken())
	}
	if err := client.SendMail("x@n.example", []string{"a@x.example"}, strings.NewReader(letter("1", "desk@n.example", "News"))); err != nil || sink.Taken() != 1 {
		t.Errorf("the next letter on the same connection: %v, taken %d", err, sink.Taken())
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "localhost:0", "example.org:25", "nonsense"} {
		if sink, err := mailsink.Listen(address, mailsink.Config{}); err == nil {
			sink.Close()
			t.Errorf("listens on %s", address)
		}
	}
	sink, err := mailsink.Listen("127.0.0.1:0", mailsink.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if host, _, err := net.SplitHostPort(sink.Address()); err != nil || host != "127.0.0.1" {
		t.Errorf("listens on %s, %v", sink.Address(), err)
	}
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
}

// A sink closed before its server came to run ends all the same.
func TestCloseAtOnce(t *testing.T) {
	for range 50 {
		if err := mailsink.Serve(newPipes(), mailsink.Config{}).Close(); err != nil {
			t.Fatal(err)
		}
	}
}
