package console

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // so that letters in any charset can be shown

	"github.com/cordonmail/cordon"
)

type mailboxPage struct {
	Items []MailboxItem
	Next  string
}

type messagePage struct {
	Item    MailboxItem
	HasHTML bool
	Text    string
	Headers []mailHeader
}

type mailHeader struct{ Name, Value string }

const (
	mailsAPage = 40
	maxPart    = 1 << 20
)

// letterPolicy is the policy of a shown letter: its own style, nothing else.
// The frame around it is sandboxed as well: no script, no form, no link that
// leads the console away.
const letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox"

func (c *Console) mailbox(w http.ResponseWriter, q *request) {
	if !c.hasMailbox(q.actor) {
		c.problem(w, q, noMailbox())
		return
	}
	page := mailboxPage{Items: c.Mailbox.Messages(mailsAPage, q.FormValue("after"))}
	if n := len(page.Items); n == mailsAPage {
		page.Next = "/mailbox?" + url.Values{"after": {page.Items[n-1].ID}}.Encode()
	}
	c.show(w, q, http.StatusOK, "mailbox", frame{Title: "Mailbox", Section: "mailbox", Body: page})
}

// hasMailbox: it holds the mail of all tenants, so no tenant's actor opens it.
func (c *Console) hasMailbox(a cordon.Actor) bool { return c.Mailbox != nil && a.Tenant == "" }

func noMailbox() error {
	return cordon.Errorf(cordon.Missing, "Only a demonstration has a mailbox.")
}

func (c *Console) opened(q *request) (MailboxMessage, letter, error) {
	if !c.hasMailbox(q.actor) {
		return MailboxMessage{}, letter{}, noMailbox()
	}
	m, ok := c.Mailbox.Message(q.PathValue("id"))
	if !ok {
		return MailboxMessage{}, letter{}, cordon.Errorf(cordon.Missing, "This message is not in the mailbox any more.")
	}
	return m, readLetter(m.Raw), nil
}

func (c *Console) message(w http.ResponseWriter, q *request) {
	m, l, err := c.opened(q)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page := messagePage{Item: m.MailboxItem, HasHTML: l.html != "", Text: l.text, Headers: l.headers}
	title := m.Subject
	if title == "" {
		title = "Message"
	}
	c.show(w, q, http.StatusOK, "message", frame{Title: title, Section: "mailbox", Body: page})
}

func (c *Console) messageBody(w http.ResponseWriter, q *request) {
	_, l, err := c.opened(q)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", letterPolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, l.html)
}

// letter is a message taken apart for reading.
type letter struct {
	headers    []mailHeader
	text, html string
}

// readLetter takes a message apart, as far as it can be: a broken one is still
// shown, as its bytes.
func readLetter(raw []byte) letter {
	var l letter
	entity, err := message.Read(bytes.NewReader(raw))
	if entity == nil {
		return letter{text: strings.ToValidUTF8(string(raw), "�")}
	}
	var decoder mime.WordDecoder
	for f := entity.Header.Fields(); f.Next(); {
		value, err := decoder.DecodeHeader(f.Value())
		if err != nil {
			value = f.Value()
		}
		l.headers = append(l.headers, mailHeader{f.Key(), value})
	}
	if err != nil && !message.IsUnknownCharset(err) {
		return l
	}
	_ = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil && (part == nil || !message.IsUnknownCharset(err)) {
			return err
		}
		kind, _, _ := part.Header.ContentType()
		if kind != "text/plain" && kind != "text/html" && kind != "" {
			return nil
		}
		body, err := io.ReadAll(io.LimitReader(part.Body, maxPart))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if kind == "text/html" && l.html == "" {
			l.html = string(body)
		} else if kind != "text/html" && l.text == "" {
			l.text = string(body)
		}
		return nil
	})
	return l
}
