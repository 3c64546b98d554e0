package intake_test

import (
	"testing"

	"github.com/cordonmail/cordon"
)

// Twelve orders of one account come at the same moment: exactly as many pass as
// may, and each of the others is judged again and held.
func TestOrdersAtOnceAreJudgedWithEachOther(t *testing.T) {
	each(t, func(w *world) {
		l, err := w.store.Limits(w.ctx, w.clinic.ID)
		w.must(err)
		l.Strangers = 5
		w.must(w.store.SetLimits(w.ctx, operator, w.clinic.ID, l))
		type answer struct {
			state cordon.DispatchState
			err   error
		}
		answers := make(chan answer, len(w.clinic.patients))
		for _, to := range w.clinic.patients {
			order := cordon.Order{
				Tenant: w.clinic.ID, Kind: cordon.Single, Template: w.clinic.plain.Template, Version: w.clinic.plain.Number, Recipients: []cordon.RecipientID{to},
			}
			go func() {
				receipt, err := w.desk.Accept(w.ctx, w.clinic.author, order)
				answers <- answer{receipt.Dispatch.State, err}
			}()
		}
		states := map[cordon.DispatchState]int{}
		for range w.clinic.patients {
			a := <-answers
			if a.err != nil {
				w.Error(a.err)
			}
			states[a.state]++
		}
		if states[cordon.DispatchOpen] != 5 || states[cordon.DispatchHeld] != len(w.clinic.patients)-5 {
			w.Errorf("states %v", states)
		}
	})
}
