package sim

import (
	"context"

	"golang.org/x/tools/txtar"
)

// host TENANT NAME [as=ACTOR]: the operator lets the tenant's letters link there.
func (w *World) doHost(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.word(0))
	if err != nil {
		return err
	}
	_, err = w.house.Catalog.ApproveHost(context.Background(), w.actorOr(l, w.house.Registry.Operator()), t.ID, l.word(1))
	return err
}
