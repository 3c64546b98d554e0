package console

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Mailbox is the demonstration's receiving server as the console shows it. A
// house that serves has none: mail that left is not ours to read.
type Mailbox interface {
	// Messages lists what was received, newest first, and the cursor of the next
	// page ("" at the end). tenant filters; "" is all.
	Messages(ctx context.Context, tenant cordon.TenantID, page cordon.Page) ([]MailboxItem, string, error)
	// Message opens one; cordon.Missing when there is no such message.
	Message(ctx context.Context, id string) (MailboxMessage, error)
}

// MailboxItem is one received message in the list.
type MailboxItem struct {
	ID         string
	Tenant     cordon.TenantID // "" when it cannot be told
	Spam       bool            // came from a drill's intruder
	From       string
	To         string // invented people only
	Subject    string
	Size       int
	ReceivedAt time.Time
}

// MailboxMessage is one received message opened.
type MailboxMessage struct {
	MailboxItem
	Headers []MailboxHeader
	Text    string
	HTML    string
}

// MailboxHeader is one header field as it arrived.
type MailboxHeader struct{ Name, Value string }
