package pager

import (
	"context"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

const noSender = "no sender address is set"

// exerciseSender sends the mail of exercises where no sender is set; it receives
// nothing (RFC 2606).
const exerciseSender cordon.Address = "exercise@cordon.invalid"

// mail builds, signs and hands over a mail. Message-ID and Date are the same at
// every try.
func (p *Pager) mail(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	from, err := p.cfg.Sender(ctx, o.Purpose.Lane())
	if err != nil && o.Exercise && cordon.CodeOf(err) == cordon.Unavailable { // it leaves nobody's house
		from, err = Sender{From: message.Mailbox{Name: "EXERCISE", Address: exerciseSender}}, nil
	}
	if err != nil {
		if cordon.CodeOf(err) == cordon.Internal {
			return again("sender unknown")
		}
		if o.Purpose.Lane() == cordon.LaneTell { // it may wait until there is one
			return again(noSender)
		}
		return failed(noSender)
	}
	raw, err := p.letter(ctx, o, from)
	if err != nil {
		return failed("cannot be written")
	}
	wire := p.cfg.Mail
	if o.Exercise {
		wire = p.cfg.ExerciseMail
	}
	if wire == nil {
		return again("no relay is set")
	}
	out := wire.Send(ctx, message.Envelope{Tenant: o.Tenant, From: p.returnPath(o, from.From.Address), To: cordon.Address(o.To), Data: raw}, func() bool { return ctx.Err() == nil })
	reply := out.Reply
	if reply == "" {
		reply = out.Reason
	}
	switch out.Settled() {
	case cordon.Delivered:
		return cordon.OutgoingOutcome{State: cordon.OutgoingSent, Reply: reply}
	case cordon.Bounced, cordon.Refused:
		return failed(reply)
	case cordon.Uncertain:
		return again("perhaps sent") // sent twice under one Message-ID rather than not at all
	}
	return again(reply)
}

// returnPath is unique to the message where a domain for bounces is set up.
func (p *Pager) returnPath(o cordon.Outgoing, from cordon.Address) cordon.Address {
	if p.cfg.BounceDomain == "" {
		return from
	}
	return cordon.Address(cordon.OutgoingReturn + o.ID.Random() + "@" + p.cfg.BounceDomain)
}

func (p *Pager) letter(ctx context.Context, o cordon.Outgoing, from Sender) ([]byte, error) {
	id, err := message.MessageID(string(o.ID), from.From.Address.Domain())
	if err != nil {
		return nil, err
	}
	parts := message.Parts{
		From: from.From, To: message.Mailbox{Address: cordon.Address(o.To)}, Subject: o.Content.Title, Text: o.Content.Text, HTML: o.Content.HTML,
		Date: o.CreatedAt, MessageID: id,
		Headers: []message.Header{{Name: "Auto-Submitted", Value: "auto-generated"}}, // RFC 3834 5
	}
	if o.Purpose.Lane() == cordon.LaneWake {
		parts.Headers = append(parts.Headers, message.Header{Name: "Importance", Value: "high"})
	}
	if page := o.Content.Facts["page"]; page != "" { // one thread a page
		parts.Headers = append(parts.Headers, message.Header{Name: "References", Value: "<" + page + "@" + from.From.Address.Domain() + ">"})
	}
	for _, h := range o.Content.Mail {
		parts.Headers = append(parts.Headers, message.Header{Name: h.Name, Value: h.Value})
	}
	raw, err := message.Build(parts)
	if err == nil {
		err = message.Wire(raw)
	}
	if err != nil || p.cfg.Signer == nil || from.Key == nil {
		return raw, err
	}
	return p.cfg.Signer.Sign(ctx, from.Domain, from.Selector, from.Key, raw)
}
