package compose

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// Compile checks content and makes it ready to be merged. The error is a
// *cordon.Error with code Invalid that carries every fault, each with the
// field, the line and the remedy. Content without a text part gets one made
// from its HTML.
func Compile(content cordon.Content) (*Letter, error) {
	c := &compiler{letter: &Letter{index: map[string]int{}}, allow: map[string]bool{}, seen: map[string]bool{}}
	c.declare(content.Fields)
	c.envelope(content)
	c.linkHosts(content.LinkHosts)
	sized := c.sizes(content)
	if sized {
		c.parts(content)
	}
	if len(c.faults) > 0 {
		return nil, invalid("the content cannot be used as a letter", c.faults)
	}
	l := c.letter
	for host := range c.seen {
		l.hosts = append(l.hosts, host)
	}
	slices.Sort(l.hosts)
	return l, nil
}

func (c *compiler) declare(fields []cordon.Field) {
	l := c.letter
	if len(fields) > MaxFields {
		c.fault("fields", 0, fmt.Sprintf("declares %d fields; a letter takes %d", len(fields), MaxFields), "declare only what is used")
		fields = fields[:MaxFields]
	}
	l.fields = slices.Clone(fields)
	l.used = make([]bool, len(fields))
	for i, f := range fields {
		at := fmt.Sprintf("fields[%d]", i)
		if !cordon.ValidFieldName(f.Name) || f.Name == "else" || f.Name == "if" {
			c.fault(at+".name", 0, "is not [a-z][a-z0-9_]{0,39}, or is a word of the syntax", "choose another name")
			continue
		}
		if _, twice := l.index[f.Name]; twice {
			c.fault(at+".name", 0, "declares "+f.Name+" twice", "declare each field once")
			continue
		}
		l.index[f.Name] = i
		c.field(at, f)
	}
}

func (c *compiler) field(at string, f cordon.Field) {
	switch f.Type {
	case cordon.FieldText, cordon.FieldPerson, cordon.FieldDate, cordon.FieldTime, cordon.FieldNumber, cordon.FieldPhone, cordon.FieldEmail:
	default:
		c.fault(at+".type", 0, "is missing or unknown for "+f.Name, "use text, name, date, time, number, phone or email")
	}
	switch f.Source {
	case cordon.FromRecipient:
	case cordon.FromOrder:
		if f.Name == cordon.FieldName || f.Name == cordon.FieldAddress {
			c.fault(at+".source", 0, f.Name+" always comes from the recipient", "say recipient, or choose another name")
		}
	default:
		c.fault(at+".source", 0, "is missing or unknown for "+f.Name, "say recipient or order")
	}
	if f.MaxLength < 0 || f.MaxLength > MaxFieldLength {
		c.fault(at+".max_length", 0, "is not between 0 and 2,000 bytes for "+f.Name, "shorten it")
	}
}

// envelope checks what stands in the headers beside the subject: no merging there.
func (c *compiler) envelope(content cordon.Content) {
	if bad := characters(content.FromName); bad != (flaw{}) {
		c.fault("from_name", 0, bad.message, bad.remedy)
	}
	switch {
	case len(content.FromName) > 200:
		c.fault("from_name", 0, "is longer than 200 bytes", "shorten it")
	case strings.Contains(content.FromName, "{{"):
		c.fault("from_name", 0, "has a marker", "the sender's name is the same for everyone")
	case strings.ContainsRune(content.FromName, '@') || linkish(content.FromName):
		c.fault("from_name", 0, "holds an address or a web address, which can pass for another sender", "use the organisation's name")
	}
	c.address("from_address", content.FromAddress, "use an address of a domain of yours")
	if content.ReplyTo != "" {
		c.address("reply_to", content.ReplyTo, "give one address, or leave it out")
	}
}

func (c *compiler) address(field string, a cordon.Address, remedy string) {
	if parsed, err := cordon.ParseAddress(string(a)); err != nil || parsed != a {
		c.fault(field, 0, "is missing or not a normalised mail address", remedy)
	}
}

func (c *compiler) linkHosts(hosts []string) {
	if len(hosts) > MaxLinkHosts {
		c.fault("link_hosts", 0, "lists more than 100 hosts", "list only what the letter links to")
		hosts = hosts[:MaxLinkHosts]
	}
	for i, host := range hosts {
		name, ok := hostName(host)
		if !ok || strings.Contains(host, ":") {
			c.fault(fmt.Sprintf("link_hosts[%d]", i), 0, "is not a host name", "write the host alone, like www.example.org")
			continue
		}
		c.allow[name] = true
	}
}

// sizes bounds the parts and refuses what no part may hold, before anything
// else looks at them.
func (c *compiler) sizes(content cordon.Content) bool {
	before := len(c.faults)
	switch {
	case strings.TrimSpace(content.Subject) == "":
		c.fault("subject", 0, "is missing", "write one line")
	case len(content.Subject) > MaxSubject:
		c.fault("subject", 0, "is longer than 300 bytes", "shorten it")
	default:
		if bad := characters(content.Subject); bad != (flaw{}) {
			c.fault("subject", 0, bad.message, bad.remedy)
		}
	}
	if strings.TrimSpace(content.Text) == "" && strings.TrimSpace(content.HTML) == "" {
		c.fault("text", 0, "is missing, and so is html", "write at least one body")
	}
	c.body("text", content.Text)
	c.body("html", content.HTML)
	return len(c.faults) == before
}

func (c *compiler) body(name, body string) {
	if len(body) > MaxBody {
		c.fault(name, 0, "is longer than 512 KB", "shorten it; images belong on a web server")
		return
	}
	if !utf8.ValidString(body) {
		c.fault(name, 0, "is not valid UTF-8", "convert it to UTF-8")
		return
	}
	for i := range len(body) {
		if b := body[i]; b < ' ' && b != '\n' && b != '\r' && b != '\t' || b == 0x7f {
			c.fault(name, 1+strings.Count(body[:i], "\n"), "contains a control character", "take it out")
			return
		}
	}
}

func (c *compiler) parts(content cordon.Content) {
	subject := &part{name: "subject", source: content.Subject, c: c}
	subject.parse()
	subject.words()
	text := &part{name: "text", source: content.Text, lines: true, c: c}
	var html *part
	if strings.TrimSpace(content.HTML) != "" {
		html = &part{name: "html", source: content.HTML, c: c}
		html.parse()
		html.html()
		if strings.TrimSpace(content.Text) == "" && len(c.faults) == 0 {
			text.name, text.source = "text (made from html)", message.TextFromHTML(content.HTML)
		}
	}
	if text.source != "" {
		text.parse()
		text.words()
	}
	if len(c.faults) > 0 {
		return
	}
	c.letter.subject = subject.program(asText)
	c.letter.text = text.program(asText)
	if html != nil {
		c.letter.html = html.program(asHTML)
	}
}

// words judges a plain part as one readable text.
func (p *part) words() {
	pieces := make([]piece, len(p.items))
	for i, it := range p.items {
		pieces[i] = piece{item: i, line: it.line, taken: it.taken, untaken: it.untaken}
		if it.kind == literal {
			pieces[i].item, pieces[i].text = -1, it.text
		}
	}
	p.prose(pieces, asText)
}
