package oncall

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const maxName = 100

// Book answers everything that decides who is woken. Where methods lead is left
// out: nobody reads an address or number back.
func (d *Desk) Book(ctx context.Context, by cordon.Actor) (cordon.OnCallBook, error) {
	if !sees(by) && !manages(by) {
		return cordon.OnCallBook{}, denied(cordon.ReadIncidents)
	}
	b, err := d.store.OnCallBook(ctx, d.now())
	for i := range b.Contacts {
		for k := range b.Contacts[i].Methods {
			b.Contacts[i].Methods[k].Target = ""
		}
	}
	return b, err
}

// SaveContact writes a contact; without an ID it is a new one. Methods are added
// by AddMethod.
func (d *Desk) SaveContact(ctx context.Context, by cordon.Actor, c cordon.OnCallContact) (cordon.OnCallContact, error) {
	if !manages(by) {
		return c, denied(cordon.ManageOnCall)
	}
	if err := checkName("name", c.Name); err != nil {
		return c, err
	}
	for _, r := range c.Rules {
		if r.DelayMinutes < 0 || r.DelayMinutes > cordon.MaxNotifyDelay {
			return c, cordon.InvalidField("rules.delay_minutes", "must be 0 to 120", "0 is at once")
		}
	}
	if c.ID == "" {
		c.ID = cordon.NewOnCallContactID()
	}
	if err := d.store.SaveContact(ctx, by, c); err != nil {
		return c, err
	}
	return d.contact(ctx, c.ID)
}

func checkName(field, name string) error {
	if strings.TrimSpace(name) == "" || len([]rune(name)) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return cordon.InvalidField(field, "must have 1 to 100 characters in one line", "")
	}
	return nil
}

func (d *Desk) contact(ctx context.Context, id cordon.OnCallContactID) (cordon.OnCallContact, error) {
	b, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return cordon.OnCallContact{}, err
	}
	c, ok := b.Contact(id)
	if !ok {
		return c, &cordon.Error{Code: cordon.Missing, Field: "contact", Message: "there is no such contact", Remedy: "cordon oncall contact list shows them"}
	}
	for k := range c.Methods {
		c.Methods[k].Target = ""
	}
	return c, nil
}

// DeleteContact removes a contact that nothing names any more.
func (d *Desk) DeleteContact(ctx context.Context, by cordon.Actor, id cordon.OnCallContactID) error {
	if !manages(by) {
		return denied(cordon.ManageOnCall)
	}
	return d.store.DeleteContact(ctx, by, id)
}

// AddMethod adds a way to reach a contact and sends the code that proves it.
func (d *Desk) AddMethod(ctx context.Context, by cordon.Actor, contact cordon.OnCallContactID, channel cordon.Channel, target string) (cordon.ContactMethod, error) {
	if !manages(by) {
		return cordon.ContactMethod{}, denied(cordon.ManageOnCall)
	}
	target, err := d.wire.Check(channel, strings.TrimSpace(target))
	if err != nil {
		return cordon.ContactMethod{}, err
	}
	m := cordon.ContactMethod{ID: cordon.NewMethodID(), Channel: channel, Target: target, Hint: cordon.HintOf(channel, target), CreatedAt: d.now().UTC()}
	if err := d.store.AddMethod(ctx, by, contact, m); err != nil {
		return cordon.ContactMethod{}, err
	}
	if err := d.SendCode(ctx, by, m.ID); err != nil {
		return cordon.ContactMethod{}, err
	}
	m.Target = ""
	return m, nil
}

// DeleteMethod removes a way to reach a contact.
func (d *Desk) DeleteMethod(ctx context.Context, by cordon.Actor, id cordon.MethodID) error {
	if !manages(by) {
		return denied(cordon.ManageOnCall)
	}
	return d.store.DeleteMethod(ctx, by, id)
}

// SendCode sends a new code to a method that is not verified yet; the one before
// is void.
func (d *Desk) SendCode(ctx context.Context, by cordon.Actor, id cordon.MethodID) error {
	if !manages(by) {
		return denied(cordon.ManageOnCall)
	}
	b, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return err
	}
	code, until := newCode(), d.now().Add(minutes(b.Settings.VerifyMinutes))
	return d.store.AskMethod(ctx, by, id, hashCode(id, code), until, func(m cordon.ContactMethod, num int64) cordon.Outgoing {
		return d.verifyLetter(m, num, code, until)
	})
}

// newCode is six digits from crypto/rand.
func newCode() string {
	var raw [8]byte
	rand.Read(raw[:])                                                   // never fails (crypto/rand, Go 1.24)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(raw[:])%1000000) // 2⁶⁴ is no multiple: off by 1 in 10¹³
}

func hashCode(id cordon.MethodID, code string) []byte {
	sum := sha256.Sum256([]byte(string(id) + " " + code))
	return sum[:]
}

// Verify takes a code back: the method is used from then on.
func (d *Desk) Verify(ctx context.Context, by cordon.Actor, id cordon.MethodID, code string) error {
	if !manages(by) {
		return denied(cordon.ManageOnCall)
	}
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	return d.store.VerifyMethod(ctx, by, id, hashCode(id, code))
}

// SaveSchedule writes a schedule; without an ID it is a new one.
func (d *Desk) SaveSchedule(ctx context.Context, by cordon.Actor, s cordon.Schedule) (cordon.Schedule, error) {
	if !manages(by) {
		return s, denied(cordon.ManageOnCall)
	}
	if s.Name == "" {
		s.Name = s.Handle
	}
	if err := checkName("name", s.Name); err != nil {
		return s, err
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" || s.Zone == "Local" {
		return s, cordon.InvalidField("zone", "is no time zone", "use a name like Europe/Oslo")
	}
	if len(s.Layers) == 0 || len(s.Layers) > cordon.MaxLayers {
		return s, cordon.InvalidField("layers", "must be 1 to 10", "one layer of people who take turns is enough")
	}
	for i := range s.Layers {
		if s.Layers[i].Name == "" {
			s.Layers[i].Name = fmt.Sprintf("layer %d", i+1)
		}
		if err := s.Layers[i].Validate(); err != nil {
			return s, err
		}
	}
	if s.ID == "" {
		s.ID, s.CreatedAt = cordon.NewScheduleID(), d.now().UTC()
	}
	return s, d.store.SaveSchedule(ctx, by, s)
}

// DeleteSchedule removes a schedule that no policy names.
func (d *Desk) DeleteSchedule(ctx context.Context, by cordon.Actor, ref string) error {
	if !manages(by) {
		return denied(cordon.ManageOnCall)
	}
	s, err := d.schedule(ctx, ref)
	if err != nil {
		return err
	}
	return d.store.DeleteSchedule(ctx, by, s.ID)
}

func (d *Desk) schedule(ctx context.Context, ref string) (cordon.Schedule, error) {
	b, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return cordon.Schedule{}, err
	}
	s, ok := b.Schedule(ref)
	if !ok {
		return s, &cordon.Error{Code: cordon.Missing, Field: "schedule", Message: "there is no such schedule", Remedy: "cordon oncall schedule list shows them"}
	}
	return s, nil
}

const maxOverride = 90 * 24 * time.Hour

// Override puts a contact on call on a schedule for a while. A person who may
// act on incidents may put himself on call; for anybody else it takes the right
// to change on call.
func (d *Desk) Override(ctx context.Context, by cordon.Actor, ref string, o cordon.Override) (cordon.Override, error) {
	b, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return o, err
	}
	c, _ := b.Contact(o.Contact)
	if !manages(by) && !(acts(by) && by.Account != "" && c.Account == by.Account) {
		return o, denied(cordon.ManageOnCall)
	}
	s, ok := b.Schedule(ref)
	switch {
	case !ok:
		return o, &cordon.Error{Code: cordon.Missing, Field: "schedule", Message: "there is no such schedule", Remedy: "cordon oncall schedule list shows them"}
	case o.From.IsZero() || !o.Until.After(o.From):
		return o, cordon.InvalidField("until", "is not after from", "")
	case !o.Until.After(d.now()):
		return o, cordon.InvalidField("until", "has passed", "")
	case o.Until.Sub(o.From) > maxOverride:
		return o, cordon.InvalidField("until", "is more than 90 days after from", "change the layers instead")
	}
	o.ID, o.Schedule, o.By, o.CreatedAt = cordon.NewOverrideID(), s.ID, by.ID(), d.now().UTC()
	o.From, o.Until = o.From.UTC().Truncate(time.Second), o.Until.UTC().Truncate(time.Second)
	return o, d.store.AddOverride(ctx, by, o)
}

// DeleteOverride takes an override back; who made it may.
func (d *Desk) DeleteOverride(ctx context.Context, by cordon.Actor, id cordon.OverrideID) error {
	b, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return err
	}
	mine := slices.ContainsFunc(b.Overrides, func(o cordon.Override) bool { return o.ID == id && o.By == by.ID() })
	if !manages(by) && !(acts(by) && mine) {
		return denied(cordon.ManageOnCall)
	}
	return d.store.DeleteOverride(ctx, by, id)
}

// SavePolicy writes a policy; without an ID it is a new one. The first of all
// takes every page until a route says otherwise.
func (d *Desk) SavePolicy(ctx context.Context, by cordon.Actor, p cordon.Policy) (cordon.Policy, error) {
	if !manages(by) {
		return p, denied(cordon.ManageOnCall)
	}
	if p.Name == "" {
		p.Name = p.Handle
	}
	if err := checkName("name", p.Name); err != nil {
		return p, err
	}
	if err := p.Validate(); err != nil {
		return p, err
	}
	if p.ID == "" {
		p.ID, p.CreatedAt = cordon.NewPolicyID(), d.now().UTC()
	}
	return p, d.store.SavePolicy(ctx, by, p)
}

// DeletePolicy removes a policy that takes no page.
func (d *Desk) DeletePolicy(ctx context.Context, by cordon.Actor, ref string) error {
	if !manages(by) {
		return denied(cordon.ManageOnCall)
	}
	b, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return err
	}
	p, ok := b.Policy(ref)
	if !ok {
		return &cordon.Error{Code: cordon.Missing, Field: "policy", Message: "there is no such policy", Remedy: "cordon oncall policy list shows them"}
	}
	return d.store.DeletePolicy(ctx, by, p.ID)
}

// Route says which policy takes the pages of a role from a severity on; with
// policy "" the route is taken away.
func (d *Desk) Route(ctx context.Context, by cordon.Actor, r cordon.PolicyRoute) error {
	switch {
	case !manages(by):
		return denied(cordon.ManageOnCall)
	case r.Role != "" && !slices.Contains(cordon.IncidentRoles(), r.Role):
		return cordon.InvalidField("role", "is no role of an incident", "use commander, deputy, scribe, customer-liaison or internal-liaison")
	case r.Severity < 0 || r.Severity > 5:
		return cordon.InvalidField("severity", "is not SEV-1 to SEV-5", "leave it out for every severity")
	}
	return d.store.SetRoute(ctx, by, r)
}

// SetSettings changes the fallback and the durations.
func (d *Desk) SetSettings(ctx context.Context, by cordon.Actor, s cordon.OnCallSettings) error {
	if !manages(by) {
		return denied(cordon.ManageOnCall)
	}
	if err := s.Validate(); err != nil {
		return err
	}
	if s.Fallback == nil {
		s.Fallback = []cordon.OnCallContactID{}
	}
	return d.store.SetOnCallSettings(ctx, by, s)
}

// WebhookSecret answers what receivers check the signatures of webhooks with.
func (d *Desk) WebhookSecret(by cordon.Actor) (cordon.Secret, error) {
	if !manages(by) {
		return "", denied(cordon.ManageOnCall)
	}
	return d.secret, nil
}
