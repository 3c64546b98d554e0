package report

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/cordonmail/cordon"
)

// pace bounds what strangers may ask and tell: each network, and all together.
type pace struct {
	each  int
	mu    sync.Mutex
	all   *rate.Limiter
	known map[string]*rate.Limiter
}

const (
	networksKept = 8192
	allFactor    = 30 // what all networks together may, in terms of one
)

func newPace(perMinute int) *pace {
	perMinute = max(perMinute, 1)
	return &pace{each: perMinute, all: perMin(allFactor * perMinute), known: map[string]*rate.Limiter{}}
}

func perMin(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/60), n) }

// take says whether the network may ask once more now; the error is Limited, and
// the same whichever limit is reached.
func (p *pace) take(network string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.known[network]
	if k == nil {
		if len(p.known) >= networksKept {
			for name, old := range p.known {
				if old.TokensAt(now) >= float64(p.each) {
					delete(p.known, name)
				}
			}
		}
		if len(p.known) >= networksKept {
			network = "" // who is new shares one allowance while memory is full of busy ones
		}
		if k = p.known[network]; k == nil {
			k = perMin(p.each)
			p.known[network] = k
		}
	}
	if !k.AllowN(now, 1) || !p.all.AllowN(now, 1) {
		return &cordon.Error{Code: cordon.Limited, Message: "there were too many questions from your network within a minute", Remedy: "wait a minute and ask again"}
	}
	return nil
}
