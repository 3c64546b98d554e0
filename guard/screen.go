package guard

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/screen"
)

// mostTexts is how many different texts of one order are judged at the door.
// What goes beyond is judged with its copy, at the exit.
const mostTexts = 500

// screening: is this what it says it is, and what this tenant would send? The
// letter is judged as the order makes it, for an invented person; an order whose
// values carry words of their own is judged with each of them.
func screening(ctx context.Context, m *matter) cordon.Verdict {
	if m.version.Content.FromAddress == "" {
		return pass() // there is no such text: approve says so
	}
	letter, err := m.letter()
	if err != nil {
		return m.failed(ctx, cordon.CheckScreen, err)
	}
	look, err := m.look(ctx)
	if err != nil {
		return m.failed(ctx, cordon.CheckScreen, err)
	}
	texts, err := m.texts(letter)
	if err != nil {
		return m.failed(ctx, cordon.CheckScreen, err)
	}
	v, print := look.at(m.version.Content, letter.SampleOf(nil), nil)
	m.print = print // compared between organisations too
	for _, values := range texts {
		if v.Decision != cordon.Pass || ctx.Err() != nil {
			break
		}
		w, _ := look.at(m.version.Content, letter.SampleOf(values), values)
		v.Join(w)
	}
	if v.Decision != cordon.Pass {
		v.Signals = append(v.Signals, m.signal(cordon.SignalScreened, cordon.GradeWarning, max(1, len(m.order.Recipients)), "A letter was kept back for what it says or shows."))
	}
	return v
}

// letter is the version's content, compiled.
func (m *matter) letter() (*compose.Letter, error) {
	return m.compiled.get(func() (*compose.Letter, error) {
		letter, err := compose.Compile(m.version.Content)
		if err != nil {
			return nil, fmt.Errorf("compile version: %w", err)
		}
		return letter, nil
	})
}

// texts are the order's values that carry words of their own, each set once.
func (m *matter) texts(letter *compose.Letter) ([]map[string]string, error) {
	return m.worded.get(func() ([]map[string]string, error) {
		if m.order.Rows == nil || !letter.TakesWords() {
			return nil, nil
		}
		var texts []map[string]string
		seen := make(map[string]bool)
		for row, err := range m.order.Rows {
			if err != nil {
				return nil, fmt.Errorf("read values: %w", err)
			}
			free := letter.Free(compose.Merge{Values: row.Values})
			if free == "" || seen[free] {
				continue
			}
			seen[free] = true
			if texts = append(texts, row.Values); len(texts) == mostTexts {
				break
			}
		}
		return texts, nil
	})
}

// look is the screening as it is set for one tenant.
type look struct {
	about  screen.Context
	tuning *screen.Tuning
}

// look reads what the screening goes by.
func (m *matter) look(ctx context.Context) (look, error) {
	facts, err := m.guard.store.ScreenFacts(ctx, m.order.Tenant)
	if err != nil {
		return look{}, err
	}
	others, err := m.guard.names.read(ctx, m.guard.store, m.now)
	if err != nil {
		return look{}, err
	}
	about := screen.About(facts)
	about.OtherNames = slices.DeleteFunc(slices.Clone(others), func(name string) bool { return name == facts.TenantName })
	return look{about, screen.TuningOf(facts)}, nil
}

// names are the organisations of the house, read once a minute.
type names struct {
	mu   sync.Mutex
	at   time.Time
	list []string
}

const (
	namesStand = time.Minute
	mostNames  = 2000
)

func (n *names) read(ctx context.Context, store Store, now time.Time) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if age := now.Sub(n.at); !n.at.IsZero() && age >= 0 && age < namesStand {
		return n.list, nil
	}
	list, err := store.TenantNames(ctx, mostNames)
	if err == nil {
		n.list, n.at = list, now
	}
	return n.list, err
}

// at judges one rendered letter, and answers its fingerprint.
func (l look) at(content cordon.Content, letter compose.Rendered, values map[string]string) (cordon.Verdict, cordon.Fingerprint) {
	about := l.about
	about.Values = slices.Collect(maps.Values(values))
	report := screen.Judge(screen.ReadSample(content, letter), about, l.tuning)
	v := cordon.Verdict{Decision: report.Decision.Effective(), Reasons: report.Reasons}
	if v.Decision == cordon.Refuse {
		v.Code = cordon.Denied
		v.Faults = []cordon.Fault{{Field: "content", Message: "is not sent by this house", Remedy: "see the dispatch's reasons, and write the letter anew"}}
	}
	return v, cordon.Fingerprint(report.Fingerprint)
}
