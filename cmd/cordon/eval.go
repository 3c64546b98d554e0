package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

// evalCommand measures the judging: on labelled mail itself, and by its verbs.
func (sh *shell) evalCommand() *cobra.Command {
	var labels string
	cmd := &cobra.Command{
		Use:     "eval --labels TSV DIR",
		Short:   "Measure the judging on labelled mail",
		Long:    "Eval judges the messages under DIR that the labels name, by content alone, and\nsays how many of the spam and of the legitimate mail are held, by source, with\neach error listed. The labels are tab-separated with a header line; path and\nlabel (ham or spam) are needed, source, sublabel and date are used. Other labels\nand files elsewhere are left out and counted.",
		Example: "  cordon eval --labels data/labels.tsv data/mail\n  cordon eval --labels labels.tsv . --json",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&labels, "labels", "", "tab-separated file that says what each message is")
	cmd.AddCommand(sh.evalReplay())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "labels"); err != nil {
			return err
		}
		set, err := readLabels(labels, args[0])
		if err != nil {
			return err
		}
		if len(set.rows) == 0 {
			return cordon.InvalidField("--labels", "names no message labelled ham or spam under "+args[0], "paths count from the labels file, from DIR or from the folder above it")
		}
		files := make([]string, len(set.rows))
		for i := range set.rows {
			files[i] = set.rows[i].file
		}
		m, failed := measure(set, sh.judgeAll(files))
		if err := sh.answer(m, func() { sh.showMeasured(m) }); err != nil {
			return err
		}
		return sh.unread(failed)
	}
	return cmd
}

// labelled is one message and what it is said to be.
type labelled struct {
	file, path              string
	label, sublabel, source string
}

// labelSet is what a labels file says of one folder.
type labelSet struct {
	rows    []labelled
	leftOut int // rows with other labels, or of files elsewhere
}

func readLabels(labels, dir string) (labelSet, error) {
	var set labelSet
	f, err := os.Open(labels)
	if err != nil {
		return set, fileError(labels, err)
	}
	defer f.Close()
	if info, err := os.Stat(dir); err != nil {
		return set, fileError(dir, err)
	} else if !info.IsDir() {
		return set, cordon.InvalidField("DIR", dir+" is no folder", "name the folder that holds the messages")
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	column := map[string]int{}
	for lines.Scan() {
		cells := strings.Split(strings.TrimRight(lines.Text(), "\r"), "\t")
		if len(column) == 0 {
			for i, name := range cells {
				column[strings.TrimPrefix(name, "\ufeff")] = i
			}
			if !has(column, "path") || !has(column, "label") {
				return set, cordon.InvalidField("--labels", "its first line does not name the columns path and label", "begin with a header line, tab-separated: path, label, source …")
			}
			continue
		}
		of := func(name string) string {
			if i, ok := column[name]; ok && i < len(cells) {
				return cells[i]
			}
			return ""
		}
		row := labelled{path: of("path"), label: of("label"), sublabel: of("sublabel"), source: cmp.Or(of("source"), "unnamed")}
		row.file = locate(row.path, filepath.Dir(labels), dir)
		if row.label != "ham" && row.label != "spam" || row.file == "" {
			set.leftOut++
			continue
		}
		set.rows = append(set.rows, row)
	}
	return set, lines.Err()
}

func has(column map[string]int, name string) bool { _, ok := column[name]; return ok }

// locate finds the file a label names: from the labels file's folder, from dir,
// or from the folder above dir; "" when it is not under dir.
func locate(path, beside, dir string) string {
	if path == "" {
		return ""
	}
	within, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for _, base := range []string{beside, dir, filepath.Dir(within)} {
		file, err := filepath.Abs(filepath.Join(base, path))
		if err != nil || !strings.HasPrefix(file, within+string(filepath.Separator)) && within != string(filepath.Separator) {
			continue
		}
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}

// measured is how the judging did.
type measured struct {
	Total     int           `json:"total"`
	LeftOut   int           `json:"left_out"`
	Unread    int           `json:"unread"`
	BySource  []sourceCount `json:"by_source"`
	Sublabels []sourceCount `json:"by_sublabel"`

	SpamHeldRate        float64 `json:"spam_held_rate"`
	HamHeldRate         float64 `json:"ham_held_rate"`
	HamBulkHeldRate     float64 `json:"ham_bulk_held_rate"`
	HamPersonalHeldRate float64 `json:"ham_personal_held_rate"`
	Precision           float64 `json:"precision"`

	Confusion  confusion  `json:"confusion"`
	FalseHolds []mistaken `json:"false_holds"`
	Misses     []mistaken `json:"misses"`
}

type sourceCount struct {
	Source   string  `json:"source"`
	Label    string  `json:"label"`
	Sublabel string  `json:"sublabel,omitempty"`
	N        int     `json:"n"`
	Held     int     `json:"held"`
	Rate     float64 `json:"rate"`
}

type confusion struct {
	SpamHeld   int `json:"spam_held"`
	SpamPassed int `json:"spam_passed"`
	HamHeld    int `json:"ham_held"`
	HamPassed  int `json:"ham_passed"`
}

// mistaken is one message judged otherwise than labelled.
type mistaken struct {
	Path     string   `json:"path"`
	Source   string   `json:"source"`
	Sublabel string   `json:"sublabel,omitempty"`
	Score    float64  `json:"score"`
	Reasons  []string `json:"reasons,omitempty"`
}

// measure compares results with labels; they are in the same order.
func measure(set labelSet, results []judged) (measured, []error) {
	m := measured{LeftOut: set.leftOut, FalseHolds: []mistaken{}, Misses: []mistaken{}}
	var failed []error
	sources, sublabels := map[sourceCount]*sourceCount{}, map[sourceCount]*sourceCount{}
	var bulk, personal sourceCount
	for i, row := range set.rows {
		r := results[i]
		if r.failed != nil {
			failed = append(failed, r.failed)
			m.Unread++
			continue
		}
		held := r.Decision != cordon.Pass
		m.Total++
		m.Confusion.note(row.label, held)
		countIn(sources, sourceCount{Source: row.source, Label: row.label}).note(held)
		countIn(sublabels, sourceCount{Source: row.source, Label: row.label, Sublabel: row.sublabel}).note(held)
		if row.label == "ham" && strings.Contains(row.sublabel, "bulk") {
			bulk.note(held)
		} else if row.label == "ham" {
			personal.note(held)
		}
		if held != (row.label == "spam") {
			wrong := mistaken{row.path, row.source, row.sublabel, r.Score, r.Reasons}
			if held {
				m.FalseHolds = append(m.FalseHolds, wrong)
			} else {
				m.Misses = append(m.Misses, wrong)
			}
		}
	}
	m.BySource, m.Sublabels = inOrder(sources), inOrder(sublabels)
	c := m.Confusion
	m.SpamHeldRate, m.HamHeldRate = share(c.SpamHeld, c.SpamHeld+c.SpamPassed), share(c.HamHeld, c.HamHeld+c.HamPassed)
	m.HamBulkHeldRate, m.HamPersonalHeldRate = share(bulk.Held, bulk.N), share(personal.Held, personal.N)
	m.Precision = share(c.SpamHeld, c.SpamHeld+c.HamHeld)
	worst := func(a, b mistaken) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Path, b.Path)) }
	slices.SortFunc(m.FalseHolds, worst)
	slices.SortFunc(m.Misses, worst)
	return m, failed
}

func (c *confusion) note(label string, held bool) {
	switch {
	case label == "spam" && held:
		c.SpamHeld++
	case label == "spam":
		c.SpamPassed++
	case held:
		c.HamHeld++
	default:
		c.HamPassed++
	}
}

func countIn(counts map[sourceCount]*sourceCount, of sourceCount) *sourceCount {
	if counts[of] == nil {
		c := of
		counts[of] = &c
	}
	return counts[of]
}

func (c *sourceCount) note(held bool) {
	c.N++
	if held {
		c.Held++
	}
	c.Rate = share(c.Held, c.N)
}

// inOrder lists the counts: legitimate mail first, then by source.
func inOrder(counts map[sourceCount]*sourceCount) []sourceCount {
	list := make([]sourceCount, 0, len(counts))
	for _, c := range counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b sourceCount) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Sublabel, b.Sublabel))
	})
	return list
}

func share(part, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(part) / float64(of)
}

func (sh *shell) showMeasured(m measured) {
	sh.say("%s messages judged by content alone; %s left out", count(int64(m.Total)), count(int64(m.LeftOut)))
	var rows [][]string
	for _, c := range m.Sublabels {
		rows = append(rows, []string{c.Label, c.Source, orDash(c.Sublabel), count(int64(c.N)), count(int64(c.Held)), percent(c.Rate)})
	}
	sh.say("")
	sh.table("label\tsource\tkind\tmessages\theld\tshare", rows)
	c := m.Confusion
	sh.say("")
	sh.table("\theld\tpassed", [][]string{
		{"spam", count(int64(c.SpamHeld)), count(int64(c.SpamPassed))},
		{"legitimate", count(int64(c.HamHeld)), count(int64(c.HamPassed))},
	})
	sh.say("")
	sh.say("spam held          %s", percent(m.SpamHeldRate))
	sh.say("legitimate held    %s (bulk %s, personal %s)", percent(m.HamHeldRate), percent(m.HamBulkHeldRate), percent(m.HamPersonalHeldRate))
	sh.say("precision          %s", percent(m.Precision))
	sh.mistakes("legitimate mail held", m.FalseHolds)
	sh.mistakes("spam passed", m.Misses)
}

func (sh *shell) mistakes(title string, list []mistaken) {
	if len(list) == 0 {
		return
	}
	sh.say("\n%s", title)
	for _, w := range list {
		sh.say("  %7.2f  %-14s %-18s %s", w.Score, w.Source, w.Sublabel, w.Path)
	}
}

func percent(rate float64) string { return fmt.Sprintf("%.2f %%", 100*rate) }
