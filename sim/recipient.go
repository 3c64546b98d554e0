package sim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/drill"
)

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

// choose reads who an order goes to: 1-20 (the tenant's people by number),
// random:5 (IDs of nobody), other:clinic:5 (another tenant's), decoy, leaked (the decoy of leak).
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
	if to == "leaked" {
		return []cordon.RecipientID{t.leakedID}, nil
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
