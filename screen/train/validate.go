package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// validate prints how much is held of mail the scorer had not seen: by campaign,
// by time, and of each source left out. Thresholds come from the other folds'
// legitimate mail.
func validate(w io.Writer, examples []example, verbose bool) error {
	fmt.Fprintf(w, "%d messages\n", len(examples))
	scores := crossed(examples, 5)
	held := make([]float64, len(examples))
	for k := range 5 {
		var others []example
		var theirs []float64
		for i := range examples {
			if fold(&examples[i], 5) != k {
				others, theirs = append(others, examples[i]), append(theirs, scores[i])
			}
		}
		var t trainer
		t.threshold(others, theirs)
		for i := range examples {
			if fold(&examples[i], 5) == k {
				held[i] = scores[i] - t.kinds[kindOf(&examples[i])]
			}
		}
	}
	table(w, "5 folds by campaign", examples, held)
	moved(w, examples, held)
	if verbose {
		wrong(w, examples, held)
	}
	for _, source := range [...]string{"spamassassin", "enron-spam", "enron", "r-lists", "foff-milter"} {
		split(w, "without "+source, examples, func(e *example) bool { return e.source != source })
	}
	cut := cuts(examples)
	split(w, "trained on the older 70 % of each source", examples, func(e *example) bool { return e.date < cut[e.source+e.group()] })
	return nil
}

func kindOf(e *example) int {
	if e.Bulk {
		return 1
	}
	return 0
}

// split trains on what keep keeps and reports on the rest.
func split(w io.Writer, title string, examples []example, keep func(*example) bool) {
	var seen, unseen []example
	for i := range examples {
		if keep(&examples[i]) {
			seen = append(seen, examples[i])
		} else {
			unseen = append(unseen, examples[i])
		}
	}
	t := fit(seen)
	t.threshold(seen, crossed(seen, 3))
	scores := make([]float64, len(unseen))
	for i := range unseen {
		scores[i] = t.score(&unseen[i])
	}
	table(w, title, unseen, scores)
}

// cuts finds the date before which 70 % of each source's mail lies.
func cuts(examples []example) map[string]string {
	dates := map[string][]string{}
	for i := range examples {
		e := &examples[i]
		dates[e.source+e.group()] = append(dates[e.source+e.group()], e.date)
	}
	cut := map[string]string{}
	for source, list := range dates {
		slices.Sort(list)
		cut[source] = list[len(list)*7/10]
	}
	return cut
}

type row struct {
	spam             bool
	source, sublabel string
}

func table(w io.Writer, title string, examples []example, scores []float64) {
	n, held := map[row]int{}, map[row]int{}
	for i := range examples {
		e := &examples[i]
		for _, r := range []row{{e.spam, e.source, e.sublabel}, {e.spam, "all", ""}} {
			n[r]++
			if scores[i] >= 0 {
				held[r]++
			}
		}
	}
	var rows []row
	for r := range n {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(label(a.spam), label(b.spam)), cmp.Compare(a.source, b.source), cmp.Compare(a.sublabel, b.sublabel))
	})
	fmt.Fprintln(w, "\n"+title)
	for _, r := range rows {
		fmt.Fprintf(w, "  %-4s  %-13s %-18s %5d of %5d held  %6.2f %%\n", label(r.spam), r.source, r.sublabel, held[r], n[r], 100*float64(held[r])/float64(n[r]))
	}
}

func label(spam bool) string {
	if spam {
		return "spam"
	}
	return "ham"
}

// moved shows what another threshold would hold, of mail made like a newsletter
// and of all other mail.
func moved(w io.Writer, examples []example, scores []float64) {
	fmt.Fprintln(w, "\nthe same with the threshold moved")
	for _, by := range [...]float64{-1, -0.5, 0, 0.25, 0.5, 0.75, 1, 1.5, 2} {
		var n, held [2][2]int // by bulk and spam
		for i := range examples {
			e := &examples[i]
			spam := 0
			if e.spam {
				spam = 1
			}
			n[kindOf(e)][spam]++
			if scores[i] >= by {
				held[kindOf(e)][spam]++
			}
		}
		fmt.Fprintf(w, "  %+5.2f", by)
		for kind, name := range [...]string{"personal", "bulk"} {
			fmt.Fprintf(w, "   %s: ham %4d of %d, spam %4d of %d", name, held[kind][0], n[kind][0], held[kind][1], n[kind][1])
		}
		fmt.Fprintln(w)
	}
}

// near is how close to a hold legitimate mail is listed.
const near = -1.5

// wrong lists the false holds and the misses, and legitimate mail that comes
// near, worst first.
func wrong(w io.Writer, examples []example, scores []float64) {
	order := make([]int, 0, len(examples))
	for i := range examples {
		if e := &examples[i]; e.spam != (scores[i] >= 0) || !e.spam && scores[i] > near {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	for _, i := range order {
		e := &examples[i]
		fmt.Fprintf(w, "%-4s %7.2f base %6.2f bulk %v %s %s %s\n", label(e.spam), scores[i], e.Base, e.Bulk, e.source, e.sublabel, e.path)
	}
}
