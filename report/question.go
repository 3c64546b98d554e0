package report

import (
	"context"
	"strings"

	"github.com/cordonmail/cordon"
)

// arriveQuestion answers a mail that was forwarded to be checked. The answer goes
// only to who proved by a signature that the question is his: an answer to an
// address that somebody made up would be a nuisance to its owner.
func (c *Clerk) arriveQuestion(ctx context.Context, a Arrived) error {
	refuse := func() error { return c.Store.CountReturned(ctx, cordon.ReturnedRefused) }
	from := c.senderOf(a.Raw)
	h, err := readHead(a.Raw)
	if a.From == "" || from == "" || err != nil || h.automatic || h.twice {
		return refuse()
	}
	if c.pace.take("mail "+strings.ToLower(string(from)), c.Now()) != nil {
		return refuse()
	}
	all, err := verify(ctx, a.Raw, c.dns())
	if err != nil {
		return &cordon.Error{Code: cordon.Unavailable, Message: "the sender cannot be checked now", Remedy: "try again later"}
	}
	if !aligned(all, from) {
		return refuse()
	}
	answer, err := c.check(ctx, Question{Message: a.Raw[:min(len(a.Raw), MaxForm)]})
	if err != nil && cordon.CodeOf(err) != cordon.Invalid {
		return err
	}
	if err != nil {
		answer = Answer{Verdict: CannotTell, Words: "What you forwarded cannot be read. Forward the message as an attachment."}
	}
	return c.Store.EnqueueOutgoing(ctx, []cordon.Outgoing{{
		Key: "check/" + digestOf("raw", content(a.Raw)), Channel: cordon.ChannelMail, Purpose: cordon.PurposeAnswer, To: string(from), Exercise: answer.Exercise,
		Content: cordon.OutgoingLetter{Title: exercise(answer.Exercise) + "Is this mail from us? " + verdictWords[answer.Verdict], Text: c.answerText(answer), Mail: replyHeaders(h.messageID)},
	}})
}

var verdictWords = map[Verdict]string{Genuine: "Yes", InIncident: "It should not have been sent", NotOurs: "No", CannotTell: "We cannot tell"}

// answerText words an answer for a mail.
func (c *Clerk) answerText(a Answer) string {
	var b strings.Builder
	b.WriteString(a.Words + "\n")
	if len(a.Checks) > 0 {
		b.WriteString("\nWhat was looked at:\n")
	}
	for _, x := range a.Checks {
		b.WriteString("- " + x.Words + "\n")
	}
	if c.Site != "" {
		b.WriteString("\nYou can ask again here: " + c.Site + "/check\n")
	}
	return b.String()
}
