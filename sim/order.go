package sim

import (
	"context"
	"encoding/csv"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
)

// order TENANT TEMPLATE|free=TEXT [to=everyone|FIRST-LAST|random:N|other:HANDLE:N] [rows=FILE] [values=name:value] [as=ACTOR]
func (w *World) doOrder(files *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	ctx := context.Background()
	order := cordon.Order{Tenant: t.ID, Kind: cordon.Bulk, IdempotencyKey: l.named["idempotency"]}
	if text := l.named["free"]; text != "" {
		order.Free = &cordon.Content{FromAddress: cordon.Address("desk@" + t.Handle + ".example"), Subject: "Written just now", Text: text}
	} else {
		template, err := w.house.Catalog.Template(ctx, t.author, t.ID, l.word(1))
		if err != nil {
			return err
		}
		order.Template, order.Version = template.ID, t.versions[l.word(1)]
	}
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
