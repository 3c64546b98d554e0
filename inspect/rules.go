package inspect

import (
	"bufio"
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"regexp"
)

// The rules of XARF are data, not code: rules/*.txt, in a notation of one field a
// line. What stands under a field, indented by a tab, is inside it; "*" is each
// item of a list or each other field of an object.
//
//	name!: string|integer = a|b   required; its types; its closed list
//	name: string email            a form: email, uri, hostname, date-time, date,
//	                              uuid, ip, ipv4, ipv6, base64, noemail
//	name: integer min 1 max 9     bounds of a number
//	name: string shortest 1 longest 9
//	name: array fewest 1 most 9   of a list (or the fields of an object)
//	name: object closed           no field but those given
//	name: string like ^a+$        a pattern, to the end of the line
//	with a b                      the rules of the sections a and b too
//	one of a b · none of a b      at least one, or none, of these fields
//	when a = x need b c           also: when a (it is there), when a ip; unless;
//	                              limit b x|y (a closed list); match b pattern
//
//go:embed rules/xarf4.txt
var xarf4Text string

//go:embed rules/xarf3.txt
var xarf3Text string

// rulebook holds the sections of one file.
type rulebook map[string]*rule

// rule is what a value must be.
type rule struct {
	need     bool
	types    []string // none: anything
	form     string
	enum     []string
	like     *regexp.Regexp
	min, max *float64
	shortest int
	longest  int // 0: unbounded
	fewest   int
	most     int // 0: unbounded
	closed   bool

	names  []string // of fields, in their order
	fields map[string]*rule
	each   *rule // "*"
	with   []string
	oneOf  [][]string
	noneOf [][]string
	whens  []condition
}

// condition is a rule that holds when (or unless) a field is there, is an IP
// address, or has a value.
type condition struct {
	unless bool
	field  string
	value  string // "": it is there
	ip     bool

	need  []string
	limit string // the field that is limited
	enum  []string
	like  *regexp.Regexp
}

var (
	xarf4Rules = sync.OnceValue(func() rulebook { return readRules(xarf4Text) })
	xarf3Rules = sync.OnceValue(func() rulebook { return readRules(xarf3Text) })
)

// readRules reads a file of rules. It panics on what it does not understand: the
// files are part of the program, and a test reads them.
func readRules(text string) rulebook {
	book := rulebook{}
	var stack []*rule // the open rules by indentation
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		row := lines.Text()
		line := strings.TrimLeft(row, "\t")
		depth := len(row) - len(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section := &rule{types: []string{"object"}, fields: map[string]*rule{}}
			book[strings.Trim(line, "[]")] = section
			stack = []*rule{section}
		case depth >= len(stack):
			panic("inspect: rules: bad indentation: " + line)
		default:
			if child := stack[depth].statement(line); child != nil {
				stack = append(stack[:depth+1], child)
			}
		}
	}
	return book
}

// statement reads one line into the rule it stands in; a field's line answers
// the field's rule.
func (r *rule) statement(line string) *rule {
	words := strings.Fields(line)
	switch {
	case line == "closed":
		r.closed = true
	case words[0] == "with":
		r.with = append(r.with, words[1:]...)
	case words[0] == "one" && words[1] == "of":
		r.oneOf = append(r.oneOf, words[2:])
	case words[0] == "none" && words[1] == "of":
		r.noneOf = append(r.noneOf, words[2:])
	case words[0] == "when" || words[0] == "unless":
		r.whens = append(r.whens, readCondition(words, line))
	default:
		name, spec, ok := strings.Cut(line, ": ")
		if !ok {
			panic("inspect: rules: " + line)
		}
		child := readField(spec)
		child.need = strings.HasSuffix(name, "!")
		if name = strings.TrimSuffix(name, "!"); name == "*" {
			r.each = child
			return child
		}
		r.names = append(r.names, name)
		r.fields[name] = child
		return child
	}
	return nil
}

func readCondition(words []string, line string) condition {
	c := condition{unless: words[0] == "unless", field: words[1]}
	rest := words[2:]
	switch rest[0] {
	case "=":
		c.value, rest = rest[1], rest[2:]
	case "ip":
		c.ip, rest = true, rest[1:]
	}
	switch rest[0] {
	case "need":
		c.need = rest[1:]
	case "limit":
		c.limit, c.enum = rest[1], strings.Split(rest[2], "|")
	case "match":
		c.limit, c.like = rest[1], regexp.MustCompile(rest[2])
	default:
		panic("inspect: rules: " + line)
	}
	return c
}

// readField reads what stands behind a field's colon.
func readField(spec string) *rule {
	r := &rule{fields: map[string]*rule{}}
	spec, like, ok := strings.Cut(spec, " like ")
	if ok {
		r.like = regexp.MustCompile(like)
	}
	words := strings.Fields(spec)
	if words[0] != "any" {
		r.types = strings.Split(words[0], "|")
	}
	for i := 1; i < len(words); i++ {
		number := func() float64 {
			i++
			n, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				panic("inspect: rules: " + spec)
			}
			return n
		}
		switch words[i] {
		case "=":
			i++
			r.enum = strings.Split(words[i], "|")
		case "closed":
			r.closed = true
		case "distinct": // no harm is done by a list that says a thing twice
		case "min":
			n := number()
			r.min = &n
		case "max":
			n := number()
			r.max = &n
		case "shortest":
			r.shortest = int(number())
		case "longest":
			r.longest = int(number())
		case "fewest":
			r.fewest = int(number())
		case "most":
			r.most = int(number())
		case "email", "uri", "hostname", "date-time", "date", "uuid", "ip", "ipv4", "ipv6", "base64", "noemail":
			r.form = words[i]
		default:
			panic("inspect: rules: " + words[i] + " in " + spec)
		}
	}
	return r
}
