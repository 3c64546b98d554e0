package main

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cordonmail/cordon/screen"
)

// example is one labelled message.
type example struct {
	path             string
	spam             bool
	source, sublabel string
	campaign, date   string
	sum              [32]byte
	screen.Features
	weight float64
}

// load reads both sets, without what is in both and without what must not be
// trained on, ordered by path.
func load(training, mail string) ([]example, error) {
	var all []example
	for _, set := range [...]struct{ labels, root, under, tag string }{
		{filepath.Join(training, "labels.tsv"), training, "", "t"},
		{filepath.Join(filepath.Dir(mail), "labels.tsv"), filepath.Dir(mail), filepath.Base(mail) + "/", "m"},
	} {
		found, err := loadSet(set.labels, set.root, set.under, set.tag)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b example) int { return cmp.Compare(a.path, b.path) })
	seen := map[[32]byte]bool{}
	all = slices.DeleteFunc(all, func(e example) bool {
		twice := seen[e.sum]
		seen[e.sum] = true
		return twice
	})
	weigh(all)
	return all, nil
}

func loadSet(labels, root, under, tag string) ([]example, error) {
	f, err := os.Open(labels)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var head []string
	var found []example
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		if head == nil {
			head = cells
			continue
		}
		row := map[string]string{}
		for i := range min(len(head), len(cells)) {
			row[head[i]] = cells[i]
		}
		if row["label"] != "ham" && row["label"] != "spam" || !strings.HasPrefix(row["path"], under) {
			continue
		}
		e := example{path: tag + "/" + row["path"], spam: row["label"] == "spam", source: row["source"], sublabel: row["sublabel"], campaign: row["campaign"], date: row["date"]}
		if err := e.read(filepath.Join(root, row["path"])); err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, lines.Err()
}

func (e *example) read(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	e.sum = sha256.Sum256(raw)
	s, err := screen.Read(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	e.Features = screen.Examine(s)
	return nil
}

// group is the kind of legitimate mail whose false holds are counted apart.
func (e *example) group() string {
	if e.sublabel == "bulk-modern" || e.sublabel == "hard-bulk" {
		return "bulk"
	}
	return "personal"
}

// weigh balances the examples: source, label and kind of making each count
// alike, softened, so that the largest collection does not set the tone and a
// message is not spam for being HTML.
func weigh(all []example) {
	type cell struct {
		source, sublabel string
		spam, bulk       bool
	}
	counts, sides := map[cell]float64{}, map[[2]bool]float64{}
	of := func(e *example) cell { return cell{e.source, e.group(), e.spam, e.Bulk} }
	for i := range all {
		counts[of(&all[i])]++
	}
	for i := range all {
		e := &all[i]
		e.weight = pow(counts[of(e)], -0.5)
		sides[[2]bool{e.spam, e.Bulk}] += e.weight
	}
	for i := range all {
		e := &all[i]
		e.weight *= float64(len(all)) / 4 / sides[[2]bool{e.spam, e.Bulk}]
	}
}
