package message_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cordonmail/cordon/message"
)

func TestTextFromHTML(t *testing.T) {
	tests := []struct{ name, html, want string }{
		{"paragraphs", "<h1>Hello</h1>\n<p>one\n  two</p><p>three</p>", "Hello\n\none two\n\nthree\n"},
		{"inline space", "at <b>nine</b> <i>o'clock</i>, not<b>e</b>", "at nine o'clock, note\n"},
		{"link", `<a href="https://x.example/a?b=1&amp;c=2">Book <b>now</b></a>.`, "Book now <https://x.example/a?b=1&c=2>.\n"},
		{"link that is its text", `<a href="https://x.example/">https://x.example</a>`, "https://x.example\n"},
		{"image link", `<a href="https://x.example/"><img src="y" alt="Logo"></a>`, "Logo <https://x.example/>\n"},
		{"mail link", `<a href="mailto:a@x.example">a@x.example</a> <a href="tel:112">call</a>`, "a@x.example call <112>\n"},
		{"anchor", `<a href="#top">up</a> <a name="x">y</a>`, "up y\n"},
		{"list", "<ul><li>a<li>b<ul><li>c</ul></ul><ol><li>d</li><li>e</li></ol>", "- a\n- b\n  - c\n\n1. d\n2. e\n"},
		{"row", "<table><tr><th>Item</th><th>Price</th></tr><tr><td>x</td><td>1</td></tr></table>", "Item Price\nx 1\n"},
		{"breaks", "a<br>b<br/><br><br><br>c<hr>d", "a\nb\n\nc\n\n---\n\nd\n"},
		{"dropped", `<head><title>t</title><style>s</style></head><script>x</script><!-- c --><!--[if mso]><p>outlook</p><![endif]-->kept<template>x</template>`, "kept\n"},
		{"open head", `<head><meta charset=utf-8><body>kept`, "kept\n"},
		{"hidden", `<div style="DISPLAY : none">pre<div>in</div></div><p hidden>x<p>kept <span style="visibility:hidden">y</span>too`, "kept too\n"},
		{"revealed", "<!--[if !mso]><!--><p>all but outlook</p><!--<![endif]-->", "all but outlook\n"},
		{"entities", "a &amp; b &lt;c&gt; &eacute;&nbsp;&nbsp;d", "a & b <c> é d\n"},
		{"invisible padding", "a&zwnj;&nbsp;&zwnj;&nbsp;&#847; b&shy;c", "a\u200c b" + "c\n"},
		{"markers", `Dear {{name|friend}}, {{#if x}}<a href="https://x.example/{{id}}">go</a>{{/if}}`, "Dear {{name|friend}}, {{#if x}}go <https://x.example/{{id}}>{{/if}}\n"},
		{"pre", "<pre>a\n  b</pre>c", "a\n  b\n\nc\n"},
		{"nothing", "<img><p> </p>", ""},
		{"broken", "<p>a<b <i>c</p", "ac\n"},
	}
	for _, tt := range tests {
		if got := message.TextFromHTML(tt.html); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzTextFromHTML(f *testing.F) {
	for _, s := range []string{"<p>a</p>", "<a href=x><a href=y>", "<ul><li>", "<p hidden>", "<pre>\r\n", "\x00\xff", "<svg><title>", strings.Repeat("<ul>", 30)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := message.TextFromHTML(s)
		if strings.ContainsAny(got, "\r\x00\x1b") || strings.Contains(got, "\n\n\n") || got != "" && !strings.HasSuffix(got, "\n") {
			t.Fatalf("%q", got)
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
	})
}
