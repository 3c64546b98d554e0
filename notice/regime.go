package notice

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/cordonmail/cordon"
)

//go:embed regimes/*.toml
var regimeFiles embed.FS

// LoadRegimes reads the table of duties from a folder; from the files shipped when
// dir is "". A file that is wrong is an error that names it: a clock that silently
// is not there would never be missed.
func LoadRegimes(dir string) ([]cordon.Regime, error) {
	var files fs.FS = regimeFiles
	under := "regimes/*.toml"
	if dir != "" {
		files, under = os.DirFS(dir), "*.toml"
	}
	names, err := fs.Glob(files, under)
	if err != nil || len(names) == 0 {
		return nil, cordon.InvalidField("notice.regimes", "holds no regime", "name a folder with .toml files, or leave it out")
	}
	var all []cordon.Regime
	seen := map[string]bool{}
	for _, name := range names { // sorted
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, cordon.InvalidField("notice.regimes", name+" cannot be read", "check its rights")
		}
		var r cordon.Regime
		meta, err := toml.Decode(string(raw), &r)
		if err != nil {
			return nil, cordon.InvalidField(name, err.Error(), "see notice/regimes/README.md")
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return nil, cordon.InvalidField(name+": "+unknown[0].String(), "is no key of a regime", "see notice/regimes/README.md")
		}
		if why := regimeFault(r); why != "" {
			return nil, cordon.InvalidField(name, why, "see notice/regimes/README.md")
		}
		if seen[r.ID] {
			return nil, cordon.InvalidField(name, "has the id of another regime", "give each its own")
		}
		seen[r.ID] = true
		all = append(all, r)
	}
	return all, nil
}

func regimeFault(r cordon.Regime) string {
	known := cordon.ElementKeys()
	switch {
	case r.ID == "" || len(r.ID) > 60 || strings.ContainsAny(r.ID, " /\n"):
		return "id is missing, or has a space or a slash"
	case r.Name == "" || r.Law == "" || !strings.HasPrefix(r.Source, "https://") || r.To == "" || r.Deadline == "":
		return "name, law, source (https://…), to or deadline is missing"
	case r.Duty != cordon.DutyOperator && r.Duty != cordon.DutyTenant:
		return "duty is neither operator nor tenant"
	case !slices.Contains([]string{"discovery", "awareness", "opened"}, r.Starts):
		return "starts is not discovery, awareness or opened"
	case r.Hours < 0 || r.Days < 0 || r.YearEnd && r.Days == 0 && r.Hours == 0:
		return "hours or days are wrong"
	case len(r.Jurisdictions) == 0:
		return "names no jurisdiction"
	case r.MetBy != "" && r.MetBy != cordon.MetByTelling && r.MetBy != cordon.MetByFollowUp:
		return "met_by is neither telling nor follow-up"
	case len(r.Elements) == 0:
		return "has no element"
	}
	for i, e := range r.Elements {
		if !slices.Contains(known, e.Key) || e.Text == "" {
			return fmt.Sprintf("element %d has no text, or a key that is none: %s", i+1, strings.Join(known, ", "))
		}
	}
	return ""
}
