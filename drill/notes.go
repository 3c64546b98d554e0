package drill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
)

const noteSubject = "EXERCISE: a note from"

// noteLetter is an approved letter with room for words of the sender's own: what
// a stolen key can fill with its own.
func noteLetter(p *Practice) map[string]any {
	note := field("note", "text", "order")
	note["max_length"] = 600
	return map[string]any{
		"from_name": p.Name, "from_address": "desk@" + p.Domain,
		"subject": noteSubject + " " + p.Name,
		"html": "<p>Dear {{first_name}},</p><p>{{note}}</p>" +
			"<p><a href=\"https://" + p.Domain + "/contact\">Write or ring us</a></p><p>" + p.Name + "</p>",
		"fields":     []any{field("first_name", "name", "recipient"), note},
		"link_hosts": []string{p.Domain},
	}
}

// ownNotes are what a practice really writes.
func ownNotes() []string {
	return []string{
		"Please bring the X-ray pictures of last March with you, and come ten minutes early for the form at the desk.",
		"The blood test needs an empty stomach: no breakfast on the day, water is fine, and take your tablets as usual.",
		"Your exercises for the week: five minutes on the stairs each morning, and the band for the left shoulder at night.",
		"We have moved your lesson in the pool to the small hall, because the pool is being cleaned. The time stays.",
		"Your new glasses have come. You can fetch them any weekday between nine and five; fitting takes a quarter of an hour.",
	}
}

// spamNotes are what an intruder writes in their place, each of another kind.
// They hold no link: the letter's fields take none.
func spamNotes() []string {
	return []string{
		"Congratulations! Your e-mail was drawn as winner of 250,000 dollars in our patient lottery. Reply with your full name and bank account to claim the prize today.",
		"Your wallet has been chosen for our exclusive crypto airdrop. Send 0.1 ETH to take part and receive double the amount back within the hour.",
		"Buy cheap Viagra and Cialis without prescription! Fast discreet delivery, lowest prices, satisfaction guaranteed. Answer this mail to order now.",
		"Your mailbox is almost full and will be suspended. Reply with your password within 24 hours to verify your account, or all messages are deleted.",
		"Final notice: your tax refund of 812.40 is waiting. Confirm your card number and date of birth by return mail to receive the payment.",
		"Your parcel could not be delivered because of an unpaid customs fee. Text your card details to the number below to release the package today.",
		"Doctors hate this one weird trick: melt 14 kilos of belly fat in two weeks with our keto gummies. Only 37 bottles left, order before midnight!",
		"I am a lawyer in Lomé. My late client left 18 million dollars and no next of kin. I propose that you stand as beneficiary; you keep forty percent.",
		"You have been approved for an unsecured loan of up to 50,000 at 2 % interest, no credit check. Reply YES with your income to get the money today.",
		"I recorded you through your webcam while you visited adult pages. Pay 900 dollars in bitcoin within two days or I send the video to all contacts.",
		"Hot stock tip: our analysts expect a 400 % gain by Friday. Buy before the news is out! Target price 3.20, currently trading at 0.18.",
		"Earn 5,000 a week working from home, no experience needed. We only need your bank account to process payments for our overseas customers.",
		"Claim your free 500 dollar supermarket gift card! You were selected for our short customer survey. Offer expires tonight, reply to claim.",
		"Lonely? Single women in your area are waiting to meet you tonight. Reply now for free access to private pictures and chat.",
		"Genuine Swiss replica watches: Rolex, Omega, Breitling from 99 dollars. Perfect copies with a certificate. Reply for our catalogue and VIP discount.",
	}
}

// program is a key that sends notes, and what came of them.
type program struct {
	practice *Practice
	key      keyPair
	caller   caller
	template cordon.TemplateID
	version  int
	tried    int64
	refused  int64
	held     []cordon.Dispatch
}

// noteProgram gives a practice a letter for notes and a key that may send it.
func (r *Rehearsal) noteProgram(ctx context.Context, p *Practice, name string) (*program, error) {
	g := &program{practice: p}
	var err error
	if g.key, err = r.issueKey(ctx, p, name, cordon.SendSingle); err != nil {
		return nil, err
	}
	g.caller = caller{client: r.config.Intruder, url: r.config.URL, secret: g.key.secret}
	g.template, g.version, err = r.approvedLetter(ctx, p, "note-"+cordon.RandomText(6), noteLetter(p))
	return g, err
}

// send sends one note to one patient, and notes what the door said.
func (g *program) send(ctx context.Context, to cordon.RecipientID, note string) error {
	g.tried++
	var receipt struct{ Dispatch cordon.Dispatch }
	body := map[string]any{"kind": "single", "template": g.template, "version": g.version, "exercise": true, "recipients": []cordon.RecipientID{to},
		"values": []any{map[string]any{"recipient": to, "values": map[string]string{"note": note}}}}
	err := g.caller.call(ctx, http.MethodPost, g.practice.path("/orders"), body, &receipt)
	var refused *problem
	switch {
	case errors.As(err, &refused) && refused.Status < 500:
		g.refused++
		return nil
	case err != nil:
		return fmt.Errorf("send a note: %w", err)
	}
	if receipt.Dispatch.State == cordon.DispatchHeld {
		g.held = append(g.held, receipt.Dispatch)
	}
	return nil
}

// stamp is a span of the house's time.
type stamp struct{ began, ended time.Time }

// sentNotes sends the practice's own notes, and says how many were not held.
func (r *Rehearsal) sentNotes(ctx context.Context, g *program) error {
	for i, note := range ownNotes() {
		if err := g.send(ctx, g.practice.Patients[i], note); err != nil {
			return err
		}
	}
	return nil
}

// judgeNotes looks at what left of a program's notes.
func (r *Rehearsal) judgeNotes(ctx context.Context, v *Variant, programs ...*program) error {
	for _, g := range programs {
		a, err := r.assess(ctx, url.Values{"key": {string(g.key.id)}})
		if err != nil {
			return err
		}
		v.Tried += g.tried
		v.Refused += g.refused
		v.Held += a.Held
		v.BadCopiesOut += a.Delivered + a.Unknown + a.InFlight
	}
	return nil
}

// waitDelivered waits until so many of the key's copies have been delivered, or
// the undo window has long passed; then it listens a while.
func (r *Rehearsal) waitDelivered(ctx context.Context, key cordon.KeyID, want int64) (int64, error) {
	undo := r.config.Undo
	if undo == 0 {
		undo = cordon.DefaultLimits().UndoSingle
	}
	var delivered int64
	err := until(ctx, undo+10*time.Second, func() (bool, error) {
		a, err := r.assess(ctx, url.Values{"key": {string(key)}})
		delivered = a.Delivered
		return delivered >= want, err
	})
	if err != nil {
		return delivered, err
	}
	return delivered, until(ctx, quiet, func() (bool, error) { return false, nil })
}
