package main

import (
	"strconv"
	"strings"

	"github.com/cordonmail/cordon/console"
	"github.com/cordonmail/cordon/mailsink"
)

// mailbox shows the stage's receiving server in the console.
type mailbox struct{ sink *mailsink.Sink }

// Messages lists from the newest; after is the ID of the last one shown.
func (m mailbox) Messages(limit int, after string) []console.MailboxItem {
	_, end := m.sink.Copies(1 << 30)
	if n, err := strconv.Atoi(after); err == nil && n < end {
		end = max(n, 0)
	}
	copies, _ := m.sink.Copies(max(0, end-limit))
	var items []console.MailboxItem
	for i := min(end-max(0, end-limit), len(copies)) - 1; i >= 0; i-- {
		items = append(items, itemOf(copies[i]))
	}
	return items
}

// Message opens one that the mailbox still holds.
func (m mailbox) Message(id string) (console.MailboxMessage, bool) {
	c, ok := m.sink.Copy(id)
	if !ok || c.Data == nil {
		return console.MailboxMessage{}, false
	}
	return console.MailboxMessage{MailboxItem: itemOf(c), Raw: c.Data}, true
}

func itemOf(c mailsink.Copy) console.MailboxItem {
	return console.MailboxItem{
		ID: c.ID, Tenant: c.FromName, Bad: strings.Contains(c.Subject, "NFT"), From: c.From, To: c.To,
		Subject: c.Subject, Size: len(c.Data), ReceivedAt: c.At,
	}
}
