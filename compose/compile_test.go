package compose_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// base declares the fields that the tests below use.
func base() cordon.Content {
	return cordon.Content{
		FromName: "Elm Road Surgery", FromAddress: "post@elmroad.example", Subject: "Your visit",
		Text: "Dear {{first_name}}, see you.",
		Fields: []cordon.Field{
			{Name: "name", Type: cordon.FieldPerson, Source: cordon.FromRecipient},
			{Name: "address", Type: cordon.FieldEmail, Source: cordon.FromRecipient},
			{Name: "first_name", Type: cordon.FieldPerson, Source: cordon.FromRecipient},
			{Name: "title", Type: cordon.FieldText, Source: cordon.FromRecipient, Optional: true},
			{Name: "note", Type: cordon.FieldText, Source: cordon.FromOrder},
			{Name: "room", Type: cordon.FieldText, Source: cordon.FromOrder, Optional: true},
			{Name: "date", Type: cordon.FieldDate, Source: cordon.FromOrder},
			{Name: "pounds", Type: cordon.FieldNumber, Source: cordon.FromOrder},
			{Name: "phone", Type: cordon.FieldPhone, Source: cordon.FromOrder},
			{Name: "mail", Type: cordon.FieldEmail, Source: cordon.FromOrder},
		},
		LinkHosts: []string{"elmroad.example", "www.elmroad.example"},
	}
}

func TestCompileRefuses(t *testing.T) {
	const scripted = "letters run no scripts"
	tests := []struct{ name, html, want string }{
		{"undeclared field", `{{surname}}`, "uses surname, which is not declared"},
		{"optional field alone", `{{title}}`, "optional, without a fallback"},
		{"optional field in another's section", `{{#if room}}{{title}}{{/if}}`, "optional, without a fallback"},
		{"field where it is absent", `{{#if title}}x{{else}}{{title|y}}{{/if}}`, "says that it is absent"},
		{"field in its inverted section", `{{^title}}{{title|y}}{{/title}}`, "says that it is absent"},
		{"empty fallback", `{{title|}}`, "empty fallback"},
		{"link in a fallback", `{{title|evil.com}}`, "web address in the fallback"},
		{"hidden link in a fallback", `{{title|evil&#46;com}}`, "web address in the fallback"},
		{"markup in a fallback", `{{title|<b>x</b>}}`, "< or >"},
		{"include", `{{>/etc/hostname}}`, "no expressions, functions, loops or includes"},
		{"expression", `{{3*3}}`, "no expressions"},
		{"triple braces", `{{{first_name}}}`, "another {"},
		{"ampersand", `{{&first_name}}`, "no expressions"},
		{"unclosed marker", `{{first_name`, "{{ without }}"},
		{"unclosed section", `{{#if title}}x`, "never closed"},
		{"unopened section", `x{{/if}}`, "not open"},
		{"stray else", `x{{else}}`, "outside a section"},
		{"two elses", `{{#if title}}a{{else}}b{{else}}c{{/if}}`, "second {{else}}"},
		{"crossed sections", `{{#title}}{{#room}}x{{/title}}{{/room}}`, "not the one opened last"},
		{"another system's marker", `Dear *|FNAME|*`, "another system"},
		{"another system's tag", `{% if x %}`, "another system"},
		{"each", `{{#each items}}x{{/each}}`, "name is not"},
		{"too deep", strings.Repeat("{{#if title}}", 9) + strings.Repeat("{{/if}}", 9), "8 deep"},

		{"script", `<script>var n = "{{first_name}}"</script>`, "inside <script>"},
		{"json in script", `<script type="application/ld+json">{"n":"{{first_name}}"}</script>`, "inside <script>"},
		{"style element", `<style>.a{color:{{note}}}</style>`, "in a style sheet"},
		{"style attribute", `<p style="color:{{note}}">x</p>`, "in a style attribute"},
		{"event handler", `<p onclick="f('{{first_name}}')">x</p>`, scripted},
		{"event handler, odd case", `<p ONmouseOver="{{first_name}}">x</p>`, scripted},
		{"comment", `<!-- {{first_name}} -->`, "inside a comment"},
		{"comment with a section", `<!-- {{#if title}} -->x<!-- {{/if}} -->`, "inside a comment"},
		{"condition of a comment", `<!--[if {{note}}]>x<![endif]-->`, "condition of an Outlook comment"},
		{"revealed condition", `<![if {{note}}]>x<![endif]>`, "inside a comment"},
		{"style in an Outlook comment", `<!--[if mso]><style>a{b:{{note}}}</style><![endif]-->`, "in a style sheet"},
		{"host in an Outlook comment", `<!--[if mso]><v:fill src="https://evil.com/x"/><![endif]-->`, "links to evil.com"},
		{"comment in an Outlook comment", `<!--[if mso]><!- {{note}} -><![endif]-->`, "inside a comment"},
		{"tag name", `<{{note}}>x`, "name of a tag"},
		{"part of a tag name", `<h{{pounds}}>x</h1>`, "name of a tag"},
		{"end tag", `<h1>x</h{{pounds}}>`, "end tag"},
		{"attribute name", `<p {{note}}="x">x</p>`, "outside an attribute value"},
		{"bare in a tag", `<p {{note}}>x</p>`, "outside an attribute value"},
		{"section around an attribute", `<p {{#if title}}class="x"{{/if}}>x</p>`, "outside an attribute value"},
		{"unquoted attribute", `<p class={{note}}>x</p>`, "without quotes"},
		{"directly behind <", `a <{{note}} b`, "ends inside a tag"},
		{"doctype", `<!DOCTYPE {{note}}>`, "doctype"},
		{"textarea", `<textarea>{{note}}</textarea>`, "inside <textarea>"},
		{"svg", `<svg><style>{{note}}</style></svg>`, "style sheet"},
		{"svg text", `<svg><text>{{note}}</text></svg>`, "<svg>"},
		{"srcdoc", `<iframe srcdoc="{{note}}"></iframe>`, "srcdoc"},
		{"srcset", `<img srcset="https://elmroad.example/{{note}} 2x">`, "srcset"},
		{"title that can close itself", `<title></ti{{#if title}}x{{/if}}tle></title>`, "<"},
		{"unclosed tag", `<p>x</p><a href="https://elmroad.example/`, "ends inside a tag"},
		{"section across a tag's border", `<p class="{{#if title}}x">y{{/if}}</p>`, "begins in one place"},
		{"section into an element", `{{#if title}}<title>x{{/if}}</title>`, "begins in one place"},

		{"whole link", `<a href="{{note}}">x</a>`, "begins with a field"},
		{"scheme", `<a href="ht{{note}}://elmroad.example/">x</a>`, "scheme"},
		{"scheme is a field", `<a href="{{note}}:x">x</a>`, "scheme"},
		{"host", `<a href="https://{{note}}/x">x</a>`, "host"},
		{"host's label", `<a href="https://{{note}}.elmroad.example/">x</a>`, "host"},
		{"end of host", `<a href="https://elmroad.example{{note}}">x</a>`, "host"},
		{"port", `<a href="https://elmroad.example:{{pounds}}/">x</a>`, "host"},
		{"user name", `<a href="https://elmroad.example@evil.com/">x</a>`, "malformed host"},
		{"section in a host", `<a href="https://elmroad{{#if title}}x{{/if}}.example/">x</a>`, "host"},
		{"javascript", `<a href="javascript:alert(1)">x</a>`, "scheme javascript"},
		{"javascript, entities", `<a href="java&#115;cript:alert(1)">x</a>`, "scheme javascript"},
		{"javascript, tab", "<a href=\"java\tscript:alert(1)\">x</a>", "tab"},
		{"data", `<img src="data:image/png;base64,AA">`, "scheme data"},
		{"vbscript", `<a href="VBScript:x">x</a>`, "scheme vbscript"},
		{"file", `<img src="file:///etc/passwd">`, "scheme file"},
		{"protocol-relative", `<a href="//elmroad.example/">x</a>`, "without a scheme"},
		{"backslashes", `<a href="https:\\evil.com\">x</a>`, "backslash"},
		{"one slash", `<a href="https:/evil.com/">x</a>`, "without //"},
		{"relative", `<a href="page.html">x</a>`, "relative"},
		{"foreign host", `<a href="https://evil.com/">x</a>`, "add evil.com to link_hosts"},
		{"sub-domain of a listed host", `<a href="https://a.elmroad.example/">x</a>`, "a.elmroad.example"},
		{"listed host as a label", `<a href="https://elmroad.example.evil.com/">x</a>`, "elmroad.example.evil.com"},
		{"numeric host", `<a href="https://3232235777/">x</a>`, "malformed host"},
		{"foreign image", `<img src="http://evil.com/p.gif">`, "evil.com"},
		{"background", `<td background="http://evil.com/p.gif">`, "evil.com"},
		{"style url", `<p style="background:url( 'https://evil.com/a' )">x</p>`, "evil.com"},
		{"escaped style url", `<p style="background:u\72l(https:\2f/evil.com/a)">x</p>`, "evil.com"},
		{"import", `<style>@import "https://evil.com/a.css";</style>`, "evil.com"},
		{"refresh", `<meta http-equiv="refresh" content="0;url=https://evil.com/">`, "refresh"},
		{"base", `<base href="https://elmroad.example/">`, "<base>"},
		{"frames in frames", `<noframes><xmp><img src="https://evil.com/x"></xmp></noframes>`, "evil.com"},
		{"deep frames", `<noframes><xmp><iframe><noembed><textarea><b></textarea></noembed></iframe></xmp></noframes>`, "too deep"},
		{"noscript", `<noscript><img src="https://evil.com/x"></noscript>`, "evil.com"},
		{"link in text", `<p>See https://evil.com/x</p>`, "evil.com"},
		{"domain in text", `<p>See evil.com</p>`, "evil.com"},
		{"domain in text, entity", `<p>See evil&#46;com</p>`, "evil.com"},
		{"other scheme in text", `<p>ftp://elmroad.example/x</p>`, "scheme ftp"},

		{"field makes a domain", `{{note}}.com`, "dot joins"},
		{"domain ends in a field", `evil.{{note}}`, "dot joins"},
		{"two fields and a dot", `{{note}}.{{first_name}}`, "dot joins"},
		{"two fields side by side", `{{note}}{{first_name}}`, "nothing between them"},
		{"side by side when a section is empty", `{{note}}{{#if title}} - {{/if}}{{first_name}}`, "nothing between them"},
		{"field behind //", `https:{{#if title}}//{{/if}}{{note}}`, "behind //"},
		{"field in a text host", `https://{{note}}/`, "host"},
		{"field behind a text host", `https://elmroad.example{{note}}`, "host"},
		{"section in a text host", `https://elmroad.example{{#if title}}/{{/if}}.evil.com`, "host"},
		{"section in a domain", `x{{#if title}}.{{/if}}com`, "inside a web address"},
		{"section ends in a link", `{{#if title}}https://elmroad.example/{{/if}}{{note}}`, "a section that ends inside a link"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := base()
			c.HTML = tt.html
			_, err := compose.Compile(c)
			if cordon.CodeOf(err) != cordon.Invalid {
				t.Fatalf("compiled, or %v", err)
			}
			if !slices.ContainsFunc(faults(err), func(f cordon.Fault) bool {
				return strings.Contains(f.Message+" "+f.Remedy, tt.want)
			}) {
				t.Errorf("no fault says %q: %+v", tt.want, faults(err))
			}
		})
	}
}

func TestCompileNamesEveryFaultWithItsPlace(t *testing.T) {
	c := base()
	c.FromName = "PayPal.com\x00"
	c.FromAddress = "nobody"
	c.ReplyTo = "x@@y"
	c.LinkHosts = append(c.LinkHosts, "https://evil.com/")
	c.Fields = append(c.Fields,
		cordon.Field{Name: "Note", Type: cordon.FieldText, Source: cordon.FromOrder},
		cordon.Field{Name: "note", Type: "url", Source: "file"},
		cordon.Field{Name: "name2", Type: "url", Source: "file", MaxLength: -1},
	)
	c.Text = "one\ntwo {{nobody}}\nthree {{>x}}"
	_, err := compose.Compile(c)
	got := map[string]int{}
	for _, f := range faults(err) {
		got[f.Field] = f.Line
		if f.Message == "" || f.Remedy == "" {
			t.Errorf("%+v has no message or no remedy", f)
		}
	}
	for _, field := range []string{"from_name", "from_address", "reply_to", "link_hosts[2]", "fields[10].name", "fields[11].name", "fields[12].type", "fields[12].source", "fields[12].max_length", "text"} {
		if _, ok := got[field]; !ok {
			t.Errorf("no fault in %s: %+v", field, faults(err))
		}
	}
	if got["text"] != 3 {
		t.Errorf("last fault of text in line %d, want 3", got["text"])
	}
	if !strings.Contains(err.Error(), "faults, the first in") {
		t.Errorf("error %q does not say how many", err)
	}
}

func TestCompileBounds(t *testing.T) {
	tests := []struct {
		name   string
		change func(*cordon.Content)
		field  string
	}{
		{"no subject", func(c *cordon.Content) { c.Subject = " " }, "subject"},
		{"long subject", func(c *cordon.Content) { c.Subject = strings.Repeat("x", 301) }, "subject"},
		{"line break in the subject", func(c *cordon.Content) { c.Subject = "a\r\nBcc: x@y.example" }, "subject"},
		{"no body", func(c *cordon.Content) { c.Text = "" }, "text"},
		{"large text", func(c *cordon.Content) { c.Text = strings.Repeat("x", compose.MaxBody+1) }, "text"},
		{"large html", func(c *cordon.Content) { c.HTML = strings.Repeat("x", compose.MaxBody+1) }, "html"},
		{"not UTF-8", func(c *cordon.Content) { c.HTML = "\xff" }, "html"},
		{"NUL", func(c *cordon.Content) { c.Text = "a\x00" }, "text"},
		{"many fields", func(c *cordon.Content) { c.Fields = make([]cordon.Field, 61) }, "fields"},
		{"many markers", func(c *cordon.Content) { c.Text = strings.Repeat("{{note}} ", 501) }, "text"},
		{"name from the order", func(c *cordon.Content) { c.Fields[0].Source = cordon.FromOrder }, "fields[0].source"},
		{"merging in the sender", func(c *cordon.Content) { c.FromName = "{{first_name}}" }, "from_name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := base()
			tt.change(&c)
			_, err := compose.Compile(c)
			if !slices.ContainsFunc(faults(err), func(f cordon.Fault) bool { return f.Field == tt.field }) {
				t.Errorf("no fault in %s: %v %+v", tt.field, err, faults(err))
			}
		})
	}
}

func TestCompileAccepts(t *testing.T) {
	for _, html := range []string{
		`<a href="mailto:{{mail}}?subject={{note}}">x</a> <a href="tel:{{phone}}">y</a>`,
		`<a href="https://elmroad.example/{{note}}?r={{room|none}}#{{title|top}}">x</a>`,
		`<a href="https://elmroad.example/a{{#if title}}?t={{title}}{{else}}?n=1{{/if}}">x</a>`,
		`<a href="HTTPS://ELMROAD.example:8443/x">x</a> <a href="#top">y</a> <a href="">z</a>`,
		`<p>Dear {{#if title}}{{title}} {{/if}}{{name}}, £{{pounds}}.00 for {{date}}.</p>`,
		`{{#if title}}<table><tr><td>{{title}}</td></tr></table>{{else}}<p>none</p>{{/if}}`,
		`<p title="{{note}}" alt='{{note}}' class="a {{#if title}}b{{/if}}">x</p>`,
		`<!--[if mso]><td width="{{pounds}}">{{note}}<![endif]--><p>x</p>`,
		`<!--[if !mso]><!--><b>{{note}}</b><!--<![endif]-->`,
		`<title>{{note}}</title> 1 < 2 & 3 > 2 {{note}}`,
		`<p>Write to {{mail}} or info@elmroad.example, or call {{phone}}.</p>`,
		`{{#title}}yes{{/title}}{{^title}}no{{/title}}`,
		`<p>{{ first_name }} {{ title | friend }}</p>`,
		`<style>@media only screen{a{b:c}}</style><p style="color:red;background:url(https://elmroad.example/x.png)">x</p>`,
		`<p>https://elmroad.example/v/{{note}}, thank you.</p>`,
	} {
		c := base()
		c.Text, c.HTML = "", html
		if _, err := compose.Compile(c); err != nil {
			t.Errorf("%s\n\t%v", html, err)
		}
	}
}

// Anything within the bounds is judged in time that grows with its length only:
// a quadratic step would keep this test running for minutes.
func TestHostileSourcesAreJudgedAtOnce(t *testing.T) {
	const size = 128 << 10
	for _, unit := range []string{
		"a.com,", "aa.", "http://a.b/", "url(https://x.com)", "<a href=x>", "<xmp>", "<!--[if x]>", "<p a", "{{note}}", "&", "<iframe srcdoc='", "x\n", "．", "<a href=\"https://evil.com/\">",
		"<style>url(//x)</style>", "<svg>", "@import 'x'", "=\"'", "</title>", "1.2.3.4/", "\\72 ",
	} {
		whole := strings.Repeat(unit, size/len(unit))
		for _, text := range []bool{true, false} {
			c := base()
			if c.HTML = whole; text {
				c.Text, c.HTML = whole, ""
			} else {
				c.Text = ""
			}
			if _, err := compose.Compile(c); err != nil && cordon.CodeOf(err) != cordon.Invalid {
				t.Errorf("%q: %v", unit, err)
			}
		}
		c := base()
		c.HTML = "<style>" + strings.Repeat(unit, size/len(unit))
		_, _ = compose.Compile(c)
	}
}

func TestNeedsAreTheRequiredFieldsInUse(t *testing.T) {
	c := base()
	c.Subject = "Your visit on {{date}}"
	c.Text = "Dear {{first_name}}, {{#if title}}{{title}}{{/if}} {{room|the hall}}"
	recipient, order := compile(t, c).Needs()
	if !slices.Equal(recipient, []string{"first_name"}) || !slices.Equal(order, []string{"date"}) {
		t.Errorf("needs %q and %q", recipient, order)
	}
}
