package cordon

import "time"

// Glance is when something was looked at, and at which size of the ledger. It
// spares looking at what cannot have changed: nearly everything that changes is
// an entry. The zero Glance has seen nothing.
type Glance struct {
	Size int64
	At   time.Time
}

// GlanceAnyway is how long a Glance holds though no entry was made: what is no
// entry (a copy claimed and given back, a clock that ran) is seen then.
const GlanceAnyway = time.Minute

// Old says whether it is time to look again.
func (g Glance) Old(size int64, now time.Time) bool {
	since := now.Sub(g.At)
	return size != g.Size || since < 0 || since >= GlanceAnyway
}
