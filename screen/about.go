package screen

import (
	"slices"

	"github.com/cordonmail/cordon"
	merge "github.com/cordonmail/cordon/compose"
)

// About makes the context of a tenant's letters from what the house knows. Its
// own sending domains and the hosts approved beside them are all that its letters
// may link to.
func About(f cordon.ScreenFacts) Context {
	return Context{TenantName: f.TenantName, OwnDomains: f.Domains, ApprovedHosts: slices.Concat([]string{}, f.Domains, f.Hosts)}
}

// ReadSample reads one rendered letter of the content, as its reader sees it.
func ReadSample(content cordon.Content, letter merge.Rendered) *Sheet {
	s := ReadLetter(letter.Subject, content.FromName, string(content.FromAddress), letter.Text, letter.HTML)
	s.ReplyTo = string(content.ReplyTo)
	return s
}

// LetterPrint is the fingerprint of a letter for an invented person: what is
// compared between tenants.
func LetterPrint(content cordon.Content, letter *merge.Letter) cordon.Fingerprint {
	return cordon.Fingerprint(Fingerprint(ReadSample(content, letter.SampleOf(nil)), nil))
}

// WordsPrint is the fingerprint of words given with an order; 0 when there are
// too few to tell one text from another.
func WordsPrint(words string) cordon.Fingerprint {
	if len(words) < fewestWords {
		return 0
	}
	return cordon.Fingerprint(Fingerprint(ReadLetter("", "", "", words, ""), nil))
}

// fewestWords is the length in bytes below which many people write the same by
// chance ("please bring your insurance card with you").
const fewestWords = 80

// TuningOf is the tenant's tuning. What an earlier release wrote, or what cannot
// be read, counts as none: nothing learnt is the shipped judgement, and safe.
func TuningOf(f cordon.ScreenFacts) *Tuning {
	if len(f.Tuning) == 0 {
		return &Tuning{}
	}
	t, err := DecodeTuning(f.Tuning)
	if err != nil {
		return &Tuning{}
	}
	return t
}
