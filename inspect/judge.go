package inspect

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// judge holds a document against rules and collects every fault.
type judge struct {
	book   rulebook
	major  string // for sections of one version: "file 3"
	faults []cordon.Fault
}

func (j *judge) fault(field, message, remedy string) {
	if field == "" {
		field = "document"
	}
	f := cordon.Fault{Field: field, Message: message, Remedy: remedy}
	if len(j.faults) < maxFaults && !slices.Contains(j.faults, f) {
		j.faults = append(j.faults, f)
	}
}

// object holds an object against a rule; at is its path, "" for the document.
func (j *judge) object(r *rule, o map[string]any, at string) {
	for _, name := range r.with {
		for _, section := range []string{name, name + " " + j.major} {
			if s := j.book[section]; s != nil {
				j.object(s, o, at)
			}
		}
	}
	for _, name := range r.names {
		v, ok := o[name]
		if !ok || v == nil && r.fields[name].types != nil {
			if r.fields[name].need || ok {
				j.fault(join(at, name), "is missing", "")
			}
			continue
		}
		j.value(r.fields[name], v, join(at, name))
	}
	others := make([]string, 0, 8)
	for name := range o {
		if r.fields[name] == nil {
			others = append(others, name)
		}
	}
	sort.Strings(others)
	for _, name := range others {
		switch {
		case r.each != nil:
			j.value(r.each, o[name], join(at, name))
		case r.closed:
			j.fault(join(at, name), "is no field of this format", "take it out")
		}
	}
	j.conditions(r, o, at)
}

func (j *judge) conditions(r *rule, o map[string]any, at string) {
	for _, names := range r.oneOf {
		if !slices.ContainsFunc(names, func(n string) bool { return o[n] != nil }) {
			j.fault(join(at, names[0]), "is missing", "give "+strings.Join(names, " or "))
		}
	}
	for _, names := range r.noneOf {
		for _, n := range names {
			if o[n] != nil {
				j.fault(join(at, n), "must not be there in a report of this type", "take it out")
			}
		}
	}
	for _, c := range r.whens {
		if c.holds(o) == c.unless {
			continue
		}
		for _, n := range c.need {
			if o[n] == nil {
				j.fault(join(at, n), "is missing", "")
			}
		}
		text, ok := o[c.limit].(string)
		switch {
		case !ok:
		case c.enum != nil && !slices.Contains(c.enum, text):
			j.fault(join(at, c.limit), "must be one of "+strings.Join(c.enum, ", "), "")
		case c.like != nil && !c.like.MatchString(text):
			j.fault(join(at, c.limit), "has the wrong form", "")
		}
	}
}

func (c condition) holds(o map[string]any) bool {
	v := o[c.field]
	switch {
	case c.ip:
		s, ok := v.(string)
		return ok && isIP(s, "ip")
	case c.value != "":
		s, ok := v.(string)
		return ok && s == c.value
	}
	return v != nil
}

// value holds one value against its rule.
func (j *judge) value(r *rule, v any, at string) {
	if len(j.faults) >= maxFaults {
		return
	}
	if len(r.types) > 0 && !slices.ContainsFunc(r.types, func(t string) bool { return isType(v, t) }) {
		j.fault(at, "must be "+article(r.types), "")
		return
	}
	switch v := v.(type) {
	case string:
		j.text(r, v, at)
	case json.Number:
		n, _ := v.Float64()
		if r.min != nil && n < *r.min {
			j.fault(at, fmt.Sprintf("must be at least %v", *r.min), "")
		}
		if r.max != nil && n > *r.max {
			j.fault(at, fmt.Sprintf("must be at most %v", *r.max), "")
		}
	case []any:
		if len(v) < r.fewest {
			j.fault(at, fmt.Sprintf("must have at least %d", r.fewest), "")
		}
		if r.most > 0 && len(v) > r.most {
			j.fault(at, fmt.Sprintf("has more than %d", r.most), "")
		}
		for i, item := range v {
			if r.each != nil && len(j.faults) < maxFaults {
				j.value(r.each, item, fmt.Sprintf("%s[%d]", at, i))
			}
		}
	case map[string]any:
		if len(v) < r.fewest {
			j.fault(at, "is empty", "")
		}
		j.object(r, v, at)
	}
}

func (j *judge) text(r *rule, s, at string) {
	n := utf8.RuneCountInString(s)
	switch {
	case r.enum != nil && !slices.Contains(r.enum, s):
		j.fault(at, "must be one of "+strings.Join(r.enum, ", "), "")
	case n < r.shortest:
		j.fault(at, fmt.Sprintf("is shorter than %d characters", r.shortest), "")
	case r.longest > 0 && n > r.longest:
		j.fault(at, fmt.Sprintf("is longer than %d characters", r.longest), "")
	case r.like != nil && !r.like.MatchString(s):
		j.fault(at, "has the wrong form", "it must match "+r.like.String())
	case !formed(r.form, s):
		j.fault(at, formFaults[r.form][0], formFaults[r.form][1])
	}
}

var formFaults = map[string][2]string{
	"email":     {"is not a mail address", "give one like reports@example.org"},
	"uri":       {"is not a URL", "give a whole one, scheme included"},
	"hostname":  {"is not a domain name", "give one like example.org"},
	"date-time": {"is not a date and time", "write it as 2026-11-22T14:00:00Z (RFC 3339)"},
	"date":      {"is not a date", "write it as 2026-11-22"},
	"uuid":      {"is not a UUID", "give one of RFC 9562"},
	"ip":        {"is not an IP address", ""},
	"ipv4":      {"is not an IPv4 address", ""},
	"ipv6":      {"is not an IPv6 address", ""},
	"base64":    {"is not base64", "encode it as RFC 4648 has it"},
	"noemail":   {"is a mail address", "give it in AccountEmail"},
}

var (
	emailShape = regexp.MustCompile(`^[^\s@<>(),;:"\[\]\\]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	hostShape  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?$`)
	uuidShape  = regexp.MustCompile(`(?i)^(urn:uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	uriShape   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+$`)
)

// formed says whether a text has a form.
func formed(form, s string) bool {
	switch form {
	case "email":
		return len(s) <= cordon.MaxAddress && emailShape.MatchString(s)
	case "noemail":
		return !emailShape.MatchString(s)
	case "uri":
		_, err := url.Parse(s)
		return err == nil && uriShape.MatchString(s)
	case "hostname":
		return len(s) <= 253 && hostShape.MatchString(s)
	case "date-time":
		_, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s))
		return err == nil
	case "date":
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	case "uuid":
		return uuidShape.MatchString(s)
	case "ip", "ipv4", "ipv6":
		return isIP(s, form)
	case "base64":
		_, ok := decodePayload(s)
		return ok
	}
	return true
}

var looseBase64 = strings.NewReplacer("\r", "", "\n", "", " ", "", "-", "+", "_", "/")

// decodePayload decodes base64 as reporters write it: with line breaks, without
// padding, in either alphabet (RFC 4648 4, 5). What holds another character is
// none.
func decodePayload(s string) ([]byte, bool) {
	if data, err := base64.StdEncoding.DecodeString(s); err == nil { // which skips CR and LF
		return data, true
	}
	s = strings.TrimRight(looseBase64.Replace(s), "=")
	data, err := base64.RawStdEncoding.DecodeString(s)
	return data, err == nil
}

func isIP(s, form string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Zone() == "" && (form != "ipv4" || ip.Is4()) && (form != "ipv6" || ip.Is6())
}

func isType(v any, t string) bool {
	switch v := v.(type) {
	case string:
		return t == "string"
	case bool:
		return t == "boolean"
	case json.Number:
		if t == "number" {
			return true
		}
		n, err := v.Float64()
		return t == "integer" && err == nil && n == float64(int64(n))
	case []any:
		return t == "array"
	case map[string]any:
		return t == "object"
	}
	return false
}

// article names types for a person.
func article(types []string) string {
	names := map[string]string{"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false", "array": "a list", "object": "an object"}
	said := make([]string, len(types))
	for i, t := range types {
		said[i] = names[t]
	}
	return strings.Join(said, " or ")
}

// join makes a path. A name comes from the document: it is cut, and what cannot
// be printed is left out.
func join(at, name string) string {
	name = clip(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || r >= 0x80 && r <= 0x9f || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, name), 64)
	if at == "" {
		return name
	}
	return at + "." + name
}
