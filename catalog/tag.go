package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxTags    = 50 // a recipient's, and in one part of a filter
	maxTagSize = 60

	tagRemedy = "use letters, digits, spaces and - _ . : / in up to 60 bytes"
)

// normalTag brings a tag into the one form it is stored and asked for in: NFC,
// lower case, single spaces. A filter that leaves out "deceased" must leave out
// "Deceased" too.
func normalTag(s string) (tag, why string) {
	if !utf8.ValidString(s) {
		return "", "has a tag that is not valid text"
	}
	s = norm.NFC.String(strings.ToLower(strings.Join(strings.Fields(s), " ")))
	switch {
	case s == "":
		return "", "has an empty tag"
	case len(s) > maxTagSize:
		return "", "has a tag longer than 60 bytes"
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) && !strings.ContainsRune(" -_.:/", r) {
			return "", "has a tag with characters that are not allowed"
		}
	}
	return s, ""
}
