package screen

import (
	"cmp"
	"slices"

	"github.com/cordonmail/cordon"
)

// Report is what judging a sheet came to. It holds no personal data.
type Report struct {
	Decision cordon.Decision // Pass or Hold; Refuse when a rule refuses; never Undecided
	// Score is in log-odds, moved so that 0 is where holding begins: below it the
	// mail passes unless a rule holds it, and 3 is twenty times surer than 0.
	Score       float64
	Reasons     []cordon.Reason // at most maxReasons, the weightiest first; none when it passes
	Fingerprint uint64
	Concepts    []string // the lures it uses, in the order of the tables
	Findings    []Finding
}

const (
	maxReasons = 5
	checkName  = "screen"
)

// Judge weighs what a sheet shows: the rules, the lures, and the words by the
// trained model. tuning is what one tenant's released and rejected holds taught;
// nil is none. The same sheet, context and tuning make the same report.
func Judge(s *Sheet, about Context, tuning *Tuning) Report {
	findings := Findings(s, about)
	c := scanSheet(s)
	defer c.done()
	c.ruleFacts(findings)
	m := model()
	z := c.base(s, findings) + m.score(c.features, c.facts, c.shape.bulk, c.shape.foreign)
	z += tuning.weigh(c)
	concepts := c.concepts()
	z -= homely(about, findings, concepts)
	r := Report{Decision: cordon.Pass, Score: z, Fingerprint: Fingerprint(s, about.Values), Concepts: concepts, Findings: findings}
	if !(z < 0) { // not a number holds
		r.Decision = cordon.Hold
	}
	for i := range findings {
		r.Decision = max(r.Decision, findings[i].Decision.Effective())
	}
	if r.Decision != cordon.Pass {
		r.Reasons = c.reasons(s, findings, z)
	}
	return r
}

const ruleUnapprovedHost = "unapproved-host"

const (
	homeTrust = 2.5 // log-odds by which a letter at home is judged more mildly
	lureTrust = 1.0 // the same, when it uses a lure: it may lead back by other ways than a link
)

// homely is how much more mildly a letter is judged that leads nowhere but to
// hosts approved for its tenant. The model was taught by mail from anywhere, where
// a short letter around a link is most often a bait; a bait must lead to its thief.
func homely(about Context, findings []Finding, concepts []string) float64 {
	if about.ApprovedHosts == nil || slices.ContainsFunc(findings, func(f Finding) bool { return f.Rule == ruleUnapprovedHost }) {
		return 0
	}
	// A practice speaks of health, payments and parcels by trade; what it does not
	// speak of keeps its weight.
	for _, lure := range concepts {
		if !slices.Contains(atHome, lure) {
			return lureTrust
		}
	}
	return homeTrust
}

// atHome are the lures whose words an organisation's own letters use as well.
var atHome = []string{"health-miracle", "payment", "parcel", "household", "call-to-action"}

// concepts names the lures in use.
func (c *scan) concepts() []string {
	var names []string
	for i := range c.follow.book.lures {
		if c.strength[i] >= 0.5 {
			names = append(names, c.follow.book.lures[i].name)
		}
	}
	return names
}

// said is a reason and how much it weighed.
type said struct {
	weight  float64
	message string
}

// reasons says in words what carried the score: first the rules that hold by
// themselves, then what weighed most.
func (c *scan) reasons(s *Sheet, findings []Finding, z float64) []cordon.Reason {
	var out []cordon.Reason
	add := func(message string) {
		for i := range out {
			if out[i].Message == message {
				return
			}
		}
		if message != "" && len(out) < maxReasons {
			out = append(out, cordon.Reason{Check: checkName, Decision: cordon.Hold, Message: message})
		}
	}
	for i := range findings {
		if findings[i].Decision.Effective() != cordon.Pass {
			add(findings[i].Message)
		}
	}
	if z < 0 {
		return out
	}
	for _, r := range c.weighed(s, findings) {
		add(r.message)
	}
	if len(out) == 0 {
		add("Its words and make are like those of unwanted mail.")
	}
	return out
}

// weighed lists what spoke for holding, the weightiest first.
func (c *scan) weighed(s *Sheet, findings []Finding) []said {
	var all []said
	leads := ""
	switch {
	case c.shape.anchors > 0:
		leads = " and asks the reader to follow a link"
	case c.shape.contacts > 0:
		leads = " and asks the reader to write to an address"
	}
	for i := range c.follow.book.lures {
		l := &c.follow.book.lures[i]
		if w := c.weightOf(i); w >= 0.6 && l.says != "" {
			all = append(all, said{w, "It " + l.says + leads + "."})
		}
	}
	for _, sign := range c.structureSigns(s) {
		if sign.there && sign.weight > 0 && sign.says != "" {
			all = append(all, said{sign.weight, sign.says + "."})
		}
	}
	if c.disguised > 0 {
		all = append(all, said{1.5, "It writes the names of goods in disguise."})
	}
	for i := range findings {
		if findings[i].Decision == cordon.Pass && findings[i].Weight >= 0.5 {
			all = append(all, said{findings[i].Weight, findings[i].Message})
		}
	}
	slices.SortStableFunc(all, func(a, b said) int { return cmp.Compare(b.weight, a.weight) })
	return all
}
