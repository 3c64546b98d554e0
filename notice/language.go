package notice

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/cordonmail/cordon"
)

//go:embed letters
var letterFiles embed.FS

// Tongue is everything kept in one language.
type Tongue struct {
	Language cordon.Language
	Name     string `toml:"name"` // of the language, in itself

	Months    []string          `toml:"months"`
	Moment    string            `toml:"moment"` // {day} {month} {year} {time}
	Thousands string            `toml:"thousands"`
	NotYet    string            `toml:"not_yet"`
	Exercise  string            `toml:"exercise"` // what everything of an exercise begins with
	Practice  string            `toml:"practice"` // in place of a tenant's name
	Reworded  string            `toml:"reworded"`
	Figures   map[string]string `toml:"figures"` // what a figure is called
	Fields    map[string]string `toml:"fields"`  // and a text

	facts   map[string]map[cordon.NoticeField]string // by kind: drafts
	letters map[Letter]letterText
}

// loadTongues reads every language. A file that is missing or wrong is a fault of
// the binary.
func loadTongues() (map[cordon.Language]*Tongue, error) {
	all := map[cordon.Language]*Tongue{}
	for _, l := range cordon.Languages() {
		t := &Tongue{Language: l, letters: map[Letter]letterText{}}
		if err := readTOML("letters/"+string(l)+"/words.toml", t); err != nil {
			return nil, err
		}
		if err := readTOML("letters/"+string(l)+"/facts.toml", &t.facts); err != nil {
			return nil, err
		}
		for _, name := range Letters() {
			path := "letters/" + string(l) + "/" + string(name) + ".txt"
			raw, err := letterFiles.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if t.letters[name], err = parseLetter(string(raw)); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		all[l] = t
	}
	return all, nil
}

func readTOML(path string, into any) error {
	raw, err := letterFiles.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	meta, err := toml.Decode(string(raw), into)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%s: %s is no word of letters", path, unknown[0])
	}
	return nil
}

// say words a figure in the language.
func (t *Tongue) say(f cordon.Figure) string {
	if !strings.HasSuffix(f.Name, "_at") {
		return t.count(f.Value)
	}
	return t.moment(f.At)
}

func (t *Tongue) count(n int64) string {
	return strings.ReplaceAll(cordon.Thousands(n), ",", t.Thousands)
}

// moment words a time, in UTC to the minute.
func (t *Tongue) moment(at time.Time) string {
	if at.IsZero() {
		return t.NotYet
	}
	at = at.UTC()
	return strings.NewReplacer("{day}", strconv.Itoa(at.Day()), "{month}", t.Months[at.Month()-1], "{year}", strconv.Itoa(at.Year()), "{time}", at.Format("15:04")).Replace(t.Moment)
}

// field is what a text of the facts record is called.
func (t *Tongue) field(n cordon.NoticeField) string { return t.Fields[string(n)] }
