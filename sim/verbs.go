package sim

import (
	"context"
	"encoding/csv"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/drill"
)

// verbs is the whole language. A verb's error fails the script, unless the line
// begins with !, which asks for one.
func verbs() map[string]func(*World, *txtar.Archive, line) error {
	return map[string]func(*World, *txtar.Archive, line) error{
		"tenant":     (*World).doTenant,
		"recipients": (*World).doRecipients,
		"account":    (*World).doAccount,
		"key":        (*World).doKey,
		"template":   (*World).doTemplate,
		"approve":    (*World).doApprove,
		"order":      (*World).doOrder,
		"stop":       (*World).doStop,
		"lift":       (*World).doLift,
		"suppress":   (*World).doSuppress,
		"erase":      (*World).doErase,
		"suspend":    (*World).doSuspend,
		"revoke":     (*World).doRevoke,
		"relay":      (*World).doRelay,
		"advance":    (*World).doAdvance,
		"crash":      (*World).doCrash,
		"close":      (*World).doClose,
		"start":      (*World).doStart,
		"die":        (*World).doDie,
		"assess":     (*World).doAssess,
		"verify":     (*World).doVerify,
		"expect":     (*World).doExpect,
		"arrived":    (*World).doArrived,
		"overtook":   (*World).doOvertook,
		"signal":     (*World).doSignal,
		"error":      (*World).doError,
		"says":       (*World).doSays,
	}
}

// play does every line of a script and stops at the first that goes wrong.
func (w *World) play(archive *txtar.Archive) error {
	lines, err := parseScript(string(archive.Comment))
	if err != nil {
		return err
	}
	language := verbs()
	for _, l := range lines {
		do, known := language[l.verb]
		if !known {
			return fmt.Errorf("line %d: %s is not a verb", l.number, l.verb)
		}
		err := do(w, archive, l)
		switch {
		case l.refuse && err == nil:
			return fmt.Errorf("line %d: %s went through, and must not", l.number, l.verb)
		case l.refuse:
			w.lastErr = err
		case err != nil:
			return fmt.Errorf("line %d: %s: %w", l.number, l.verb, err)
		}
	}
	return nil
}

// line does the lines of a text that has no files.
func (w *World) line(text string) error { return w.play(&txtar.Archive{Comment: []byte(text)}) }

// script does lines that must go well.
func (w *World) script(text string) {
	w.t.Helper()
	if err := w.line(text); err != nil {
		w.t.Fatal(err)
	}
}

func (w *World) tenantNamed(handle string) (*tenant, error) {
	t, ok := w.tenants[handle]
	if !ok {
		return nil, fmt.Errorf("no tenant %q in this script", handle)
	}
	return t, nil
}

// tenant HANDLE: with a sending domain, an author, an approver and an audience
// of everyone.
func (w *World) doTenant(_ *txtar.Archive, l line) error {
	ctx, c := context.Background(), w.house.Catalog
	created, err := c.CreateTenant(ctx, w.operator(), l.word(0), strings.ToUpper(l.word(0)[:1])+l.word(0)[1:])
	if err != nil {
		return err
	}
	t := &tenant{Tenant: created, versions: map[string]int{}}
	if _, err := c.CreateDomain(ctx, w.operator(), t.ID, l.word(0)+".example"); err != nil {
		return err
	}
	if t.author, err = w.person(t.ID, "author", cordon.RoleAuthor); err != nil {
		return err
	}
	if t.approver, err = w.person(t.ID, "approver", cordon.RoleApprover); err != nil {
		return err
	}
	_, err = c.SaveAudience(ctx, t.author, t.ID, "everyone", cordon.Filter{Everyone: true})
	w.tenants[l.word(0)] = t
	w.actors[l.word(0)+"/author"], w.actors[l.word(0)+"/approver"] = t.author, t.approver
	return err
}

func (w *World) person(tenant cordon.TenantID, name string, role cordon.Role) (cordon.Actor, error) {
	ctx := context.Background()
	account, err := w.house.Registry.CreateAccount(ctx, w.operator(), cordon.Account{Tenant: tenant, Name: name, Role: role})
	if err != nil {
		return cordon.Actor{}, err
	}
	return w.house.Registry.As(ctx, w.operator(), account.ID)
}

// recipients TENANT N|FILE: invented patients, or a CSV file of the archive.
func (w *World) doRecipients(files *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	var text strings.Builder
	if n, err := strconv.Atoi(l.word(1)); err == nil {
		if err := drill.WritePatients(&text, l.word(0), n); err != nil {
			return err
		}
	} else {
		text.Write(fileOf(files, l.word(1)))
	}
	options := catalog.ImportOptions{SkipBad: l.named["skip-bad"] == "yes"}
	if _, err := w.house.Catalog.Import(context.Background(), t.author, t.ID, strings.NewReader(text.String()), options); err != nil {
		return err
	}
	return w.reloadPeople(t)
}

// reloadPeople numbers a tenant's people in the order of their references.
func (w *World) reloadPeople(t *tenant) error {
	var all []cordon.Recipient
	page := cordon.Page{Limit: 500}
	for {
		rows, next, err := w.house.Catalog.Recipients(context.Background(), t.author, t.ID, cordon.Filter{Everyone: true}, page)
		if err != nil {
			return err
		}
		all = append(all, rows...)
		if page.After = next; next == "" {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b cordon.Recipient) int { return strings.Compare(a.ExternalRef, b.ExternalRef) })
	t.people = nil
	for _, r := range all {
		t.people = append(t.people, r.ID)
	}
	return nil
}

func fileOf(files *txtar.Archive, name string) []byte {
	for _, f := range files.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// account NAME role=ROLE [tenant=HANDLE]
func (w *World) doAccount(_ *txtar.Archive, l line) error {
	var id cordon.TenantID
	if handle := l.named["tenant"]; handle != "" {
		t, err := w.tenantNamed(handle)
		if err != nil {
			return err
		}
		id = t.ID
	}
	actor, err := w.person(id, l.word(0), cordon.Role(l.named["role"]))
	w.actors[l.word(0)] = actor
	return err
}

// key NAME tenant=HANDLE may=PERMISSION,…: a program's key, used as an actor.
func (w *World) doKey(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.named["tenant"])
	if err != nil {
		return err
	}
	var rights []cordon.Permission
	for _, p := range strings.Split(l.named["may"], ",") {
		rights = append(rights, cordon.Permission(p))
	}
	actor, err := w.newKey(t, l.word(0), rights)
	w.actors[l.word(0)] = actor
	return err
}

// template TENANT HANDLE 'text' [subject=…] [fields=name:type:source,…]
func (w *World) doTemplate(files *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	content := cordon.Content{FromName: t.Name, FromAddress: cordon.Address("desk@" + t.Handle + ".example"),
		Subject: or(l.named["subject"], "A letter from "+t.Name), Text: l.word(2)}
	if html := fileOf(files, l.word(2)); html != nil {
		content.Text, content.HTML = "", string(html)
	}
	if hosts := l.named["hosts"]; hosts != "" {
		content.LinkHosts = strings.Split(hosts, ",")
	}
	for _, f := range strings.FieldsFunc(l.named["fields"], func(r rune) bool { return r == ',' }) {
		parts := strings.Split(f+"::", ":")
		content.Fields = append(content.Fields, cordon.Field{Name: parts[0], Type: cordon.FieldType(or(parts[1], "text")),
			Source: cordon.FieldSource(or(parts[2], "recipient"))})
	}
	ctx, by := context.Background(), w.actorOr(l, t.author)
	if t.versions[l.word(1)] == 0 {
		if _, err := w.house.Catalog.CreateTemplate(ctx, by, t.ID, l.word(1)); err != nil {
			return err
		}
	}
	v, err := w.house.Catalog.WriteVersion(ctx, by, t.ID, l.word(1), content)
	t.versions[l.word(1)] = v.Number
	return err
}

// approve TENANT HANDLE [as=ACTOR]
func (w *World) doApprove(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	ctx, by := context.Background(), w.actorOr(l, t.approver)
	v, err := w.house.Catalog.Version(ctx, by, t.ID, l.word(1), t.versions[l.word(1)])
	if err != nil {
		return err
	}
	_, err = w.house.Catalog.Approve(ctx, by, t.ID, l.word(1), v.Number, v.Hash)
	return err
}

// order TENANT TEMPLATE [to=everyone|FIRST-LAST|random:N|other:HANDLE:N] [rows=FILE] [values=name:value] [as=ACTOR]
func (w *World) doOrder(files *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	ctx := context.Background()
	template, err := w.house.Catalog.Template(ctx, t.author, t.ID, l.word(1))
	if err != nil {
		return err
	}
	order := cordon.Order{Tenant: t.ID, Kind: cordon.Bulk, Template: template.ID, Version: t.versions[l.word(1)], IdempotencyKey: l.named["idempotency"]}
	if to := or(l.named["to"], "everyone"); to == "everyone" {
		audience, err := w.house.Catalog.Audience(ctx, t.author, t.ID, to)
		if err != nil {
			return err
		}
		order.Audience = audience.ID
	} else {
		order.Kind = cordon.Single
		if order.Recipients, err = w.choose(t, to); err != nil {
			return err
		}
	}
	if name := l.named["rows"]; name != "" {
		order.Rows = rowsOf(t, fileOf(files, name))
	} else if pair := l.named["values"]; pair != "" {
		order.Rows = sameValues(t, order, pair)
	}
	receipt, err := w.house.Desk.Accept(ctx, w.actorOr(l, t.author), order)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(w.dispatch, func(d cordon.Dispatch) bool { return d.ID == receipt.Dispatch.ID })
	if at < 0 { // an order repeated is the same dispatch
		at = len(w.dispatch)
		w.dispatch = append(w.dispatch, receipt.Dispatch)
	}
	w.answer = fmt.Sprintf("dispatch %d recipients %d", at+1, receipt.Dispatch.Recipients)
	return nil
}

// choose reads who an order goes to: 1-20 (the tenant's people by number),
// random:5 (IDs of nobody), other:clinic:5 (another tenant's), decoy.
func (w *World) choose(t *tenant, to string) ([]cordon.RecipientID, error) {
	if n, ok := strings.CutPrefix(to, "random:"); ok {
		count, err := strconv.Atoi(n)
		ids := make([]cordon.RecipientID, count)
		for i := range ids {
			ids[i] = cordon.NewRecipientID()
		}
		return ids, err
	}
	if rest, ok := strings.CutPrefix(to, "other:"); ok {
		handle, n, _ := strings.Cut(rest, ":")
		other, err := w.tenantNamed(handle)
		if err != nil {
			return nil, err
		}
		count, err := strconv.Atoi(n)
		return slices.Clone(other.people[:count]), err
	}
	if to == "decoy" {
		decoys, err := w.house.Catalog.Decoys(context.Background(), w.operator(), t.ID)
		return decoys[:min(1, len(decoys))], err
	}
	from, until, err := w.span(to)
	if err != nil || from < 1 || until > len(t.people) {
		return nil, fmt.Errorf("to=%s: the tenant has people 1-%d", to, len(t.people))
	}
	return slices.Clone(t.people[from-1 : until]), nil
}

// rowsOf reads a CSV file whose first column, person, numbers the recipients.
func rowsOf(t *tenant, file []byte) iter.Seq2[cordon.Row, error] {
	return func(yield func(cordon.Row, error) bool) {
		records, err := csv.NewReader(strings.NewReader(string(file))).ReadAll()
		if err != nil {
			yield(cordon.Row{}, err)
			return
		}
		for i, record := range records[1:] {
			row := cordon.Row{Line: i + 2, Values: map[string]string{}}
			for j, value := range record {
				row.Values[records[0][j]] = value
			}
			n, err := strconv.Atoi(row.Values["person"])
			delete(row.Values, "person")
			if err == nil {
				row.Recipient = t.people[n-1]
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// sameValues gives everyone the same value.
func sameValues(t *tenant, o cordon.Order, pair string) iter.Seq2[cordon.Row, error] {
	name, value, _ := strings.Cut(pair, ":")
	ids := o.Recipients
	if o.Kind == cordon.Bulk {
		ids = t.people
	}
	return func(yield func(cordon.Row, error) bool) {
		for i, id := range ids {
			if !yield(cordon.Row{Line: i + 1, Recipient: id, Values: map[string]string{name: value}}, nil) {
				return
			}
		}
	}
}

// suppress TENANT PERSON
func (w *World) doSuppress(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	ids, err := w.choose(t, l.word(1))
	for _, id := range ids {
		if err := w.house.Catalog.Suppress(context.Background(), t.author, t.ID, id, cordon.SuppressedByHand); err != nil {
			return err
		}
	}
	return err
}

// erase TENANT PERSON: the person is forgotten.
func (w *World) doErase(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	ids, err := w.choose(t, l.word(1))
	for _, id := range ids {
		if err := w.house.Catalog.EraseRecipient(context.Background(), w.actorOr(l, t.author), t.ID, id); err != nil {
			return err
		}
	}
	return err
}

// suspend KEY reason='…' [as=ACTOR]
func (w *World) doSuspend(_ *txtar.Archive, l line) error {
	return w.house.Registry.SuspendKey(context.Background(), w.actorOr(l, w.operator()), w.actors[l.word(0)].Key, l.named["reason"])
}

// revoke key KEY reason='…' | revoke template TENANT HANDLE [as=ACTOR]
func (w *World) doRevoke(_ *txtar.Archive, l line) error {
	ctx := context.Background()
	if l.word(0) == "key" {
		return w.house.Registry.RevokeKey(ctx, w.actorOr(l, w.operator()), w.actors[l.word(1)].Key, l.named["reason"])
	}
	t, err := w.tenantNamed(l.word(1))
	if err != nil {
		return err
	}
	return w.house.Catalog.Revoke(ctx, w.actorOr(l, t.approver), t.ID, l.word(2), t.versions[l.word(2)])
}

// relay up|down|defer|refuse [to=TENANT:FIRST-LAST [times=N]]: how the relay
// behaves, to everybody or to some mailboxes, for ever or for their next N copies.
// relay slow 100ms: how long it takes over each copy.
func (w *World) doRelay(_ *txtar.Archive, l line) error {
	if l.word(0) == "slow" {
		d, err := time.ParseDuration(l.word(1))
		w.wire.takeTime(d)
		return err
	}
	to := l.named["to"]
	if to == "" {
		return w.wire.set(l.word(0))
	}
	replies := map[string]*smtp.SMTPError{"defer": later(), "refuse": never()}
	handle, numbers, _ := strings.Cut(to, ":")
	first, last, err := w.span(numbers)
	if err != nil || replies[l.word(0)] == nil {
		return fmt.Errorf("to=%s: say defer or refuse, and TENANT:FIRST-LAST", to)
	}
	times := -1
	if l.named["times"] != "" {
		if times, err = strconv.Atoi(l.named["times"]); err != nil {
			return err
		}
	}
	for i := first; i <= last; i++ {
		w.wire.refuseTo(fmt.Sprintf("patient%06d@%s.patients.example", i, handle), &reticent{replies[l.word(0)], times})
	}
	return nil
}

// span reads 3-7, or 3 alone.
func (w *World) span(text string) (first, last int, err error) {
	from, until, isRange := strings.Cut(text, "-")
	if !isRange {
		until = from
	}
	if first, err = strconv.Atoi(from); err == nil {
		last, err = strconv.Atoi(until)
	}
	return first, last, err
}

func (w *World) doAdvance(_ *txtar.Archive, l line) error {
	d, err := time.ParseDuration(l.word(0))
	w.advance(d)
	return err
}

// crash, close and start: the house dies, ends in good order, begins.
func (w *World) doCrash(*txtar.Archive, line) error { w.crash(); return nil }
func (w *World) doClose(*txtar.Archive, line) error { w.stop(); return nil }
func (w *World) doStart(*txtar.Archive, line) error { w.start(); return nil }

// die writes=N: the process dies before the N-th write from now.
func (w *World) doDie(_ *txtar.Archive, l line) error {
	n, err := strconv.Atoi(l.named["writes"])
	w.faulty.DieBefore(n)
	return err
}

// actorOr is the actor that as= names, or the usual one.
func (w *World) actorOr(l line, usual cordon.Actor) cordon.Actor {
	name := l.named["as"]
	if name == "" {
		return usual
	}
	if actor, ok := w.actors[name]; ok {
		return actor
	}
	w.t.Fatalf("line %d: no actor %q in this script; there are %v", l.number, name, slices.Sorted(maps.Keys(w.actors)))
	return cordon.Actor{}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
