package console

import "time"

// Mailbox is the demonstration's receiving server as the console shows it. A
// house that serves has none: mail that has left is not ours to read.
type Mailbox interface {
	// Messages lists at most limit received messages, newest first, from behind
	// the one named by after ("" from the newest).
	Messages(limit int, after string) []MailboxItem
	// Message opens one; false when it is not there (any more).
	Message(id string) (MailboxMessage, bool)
}

// MailboxItem is one received message in the list.
type MailboxItem struct {
	ID         string
	Tenant     string // the practice's handle or name; "" when it cannot be told
	Bad        bool   // an intruder's content: a drill's spam that got out
	From       string
	To         string // invented people only
	Subject    string
	Size       int
	ReceivedAt time.Time
}

// MailboxMessage is one received message whole, as the bytes that arrived.
type MailboxMessage struct {
	MailboxItem
	Raw []byte
}
