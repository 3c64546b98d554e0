package sim

import (
	"context"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
)

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
