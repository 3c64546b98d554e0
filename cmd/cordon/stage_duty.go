package main

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/mailsink"
)

// dutyAddress is where the stage's one person on call is reached. It is a mailbox
// of the receiving server (RFC 2606).
const dutyAddress = "duty@platform.invalid"

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// putOnCall puts one person on call, as an installation would: a contact whose
// address is proved by the code that was mailed there, a policy, and the fallback.
// The house's mail goes to the sink.
func putOnCall(ctx context.Context, house *app.House, sink *mailsink.Sink) error {
	desk, by := house.OnCall, house.Registry.Operator()
	contact, err := desk.SaveContact(ctx, by, cordon.OnCallContact{Name: "Duty officer (EXERCISE)"})
	if err != nil {
		return fmt.Errorf("put on call: %w", err)
	}
	method, err := desk.AddMethod(ctx, by, contact.ID, cordon.ChannelMail, dutyAddress)
	if err != nil {
		return fmt.Errorf("put on call: %w", err)
	}
	code, err := mailedCode(ctx, sink)
	if err != nil {
		return err
	}
	if err := desk.Verify(ctx, by, method.ID, code); err != nil {
		return fmt.Errorf("put on call: %w", err)
	}
	policy, err := desk.SavePolicy(ctx, by, cordon.Policy{Handle: "duty", Name: "Whoever is on duty",
		Steps: []cordon.EscalationStep{{Targets: []cordon.PageTarget{{Contact: contact.ID}}, Minutes: 5}}})
	if err == nil {
		err = desk.Route(ctx, by, cordon.PolicyRoute{Policy: policy.ID})
	}
	if err != nil {
		return fmt.Errorf("put on call: %w", err)
	}
	book, err := desk.Book(ctx, by)
	if err == nil {
		book.Settings.Fallback = []cordon.OnCallContactID{contact.ID}
		err = desk.SetSettings(ctx, by, book.Settings)
	}
	return err
}

// mailedCode waits for the code that proves the address.
func mailedCode(ctx context.Context, sink *mailsink.Sink) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		copies, _ := sink.Copies(0)
		for _, c := range copies {
			if code := sixDigits.FindString(c.Subject); c.To == dutyAddress && code != "" {
				return code, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the code of whoever is on call did not arrive: %w", ctx.Err())
		case <-look.C:
		}
	}
}
