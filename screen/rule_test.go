package screen_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/screen"
)

// sees lists the rules that fire, those that hold with a star.
func sees(s *screen.Sheet, about screen.Context) []string {
	var names []string
	for _, f := range screen.Findings(s, about) {
		name := f.Rule
		if f.Decision != cordon.Pass {
			name += "*"
		}
		names = append(names, name)
	}
	return names
}

func has(names []string, name string) bool {
	for _, n := range names {
		if strings.TrimSuffix(n, "*") == name {
			return true
		}
	}
	return false
}

const anchor = `<p>A letter of a few ordinary words about your next visit, so that it is no picture alone.</p>`

// Every rule: what it must see, and what is close to it and must be let be.
func TestRulesOnLetters(t *testing.T) {
	about := house()
	for rule, c := range map[string]struct{ yes, no []string }{
		"unapproved-host":    {[]string{`<a href="https://other.example/">x</a>`, `<img src="http://cdn.other.example/p.png">`, `see www.other.org`}, []string{`<a href="https://maps.example/">x</a>`, `<a href="https://book.northside.example/">x</a>`, `<a href="mailto:a@other.example">x</a>`}},
		"script-link":        {[]string{`<a href="javascript:x()">x</a>`, `<a href="JaVa&#10;Script:x()">x</a>`, `<a href="data:text/html,<b>x">x</a>`}, []string{`<a href="tel:+4670">x</a>`, `<img src="data:image/png;base64,AA==">`}},
		"mixed-host":         {[]string{`<a href="https://xn--80ak6aa92e.com/">x</a>`, `<a href="https://nоrthside.com/">x</a>`}, []string{`<a href="https://münchen.de/">x</a>`, `<a href="https://пример.рф/">x</a>`, `<a href="https://例え.jp/">x</a>`, `<a href="https://пример.com/">x</a>`}},
		"lookalike-host":     {[]string{`<a href="https://paypa1.com/">x</a>`, `<a href="https://rnicrosoft.com">x</a>`, `<a href="https://login.arnaz0n.com/">x</a>`, `<a href="https://secure-paypa1.top/">x</a>`}, []string{`<a href="https://www.paypal.com/">x</a>`, `<a href="https://amazon.de/">x</a>`, `<a href="https://corn.example/">x</a>`}},
		"own-lookalike":      {[]string{`<a href="https://northslde.example/">x</a>`, `<a href="https://northside.com/">x</a>`, `<a href="https://northside.example.evil.org/">x</a>`, `<a href="https://northside-booking.org/">x</a>`}, []string{`<a href="https://www.northside.example/">x</a>`, `<a href="https://southbank.example/">x</a>`}},
		"brand-in-host":      {[]string{`<a href="https://paypal.com.evil.org/">x</a>`, `<a href="https://netflix-billing.org/">x</a>`, `<a href="https://paypal.tk/">x</a>`}, []string{`<a href="https://www.netflix.com/">x</a>`, `<a href="https://images-eu.ssl-images-amazon.com/">x</a>`, `<a href="https://apple-orchard.org/">x</a>`}},
		"near-brand":         {[]string{`<a href="https://netfllix.com/">x</a>`, `<a href="https://paypall.com/">x</a>`}, []string{`<a href="https://paypal.com/">x</a>`, `<a href="https://netball.com/">x</a>`}},
		"user-in-link":       {[]string{`<a href="https://northside.example@evil.org/">x</a>`}, []string{`<a href="https://evil.org/@name">x</a>`}},
		"ip-host":            {[]string{`<a href="http://203.0.113.9/x">x</a>`, `<a href="http://0xcb007109/">x</a>`}, []string{`<a href="http://1and1.org/">x</a>`, `version 1.2.3.4 is out`}},
		"escaped-host":       {[]string{`<a href="https://%65vil.org/">x</a>`}, []string{`<a href="https://evil.org/%65">x</a>`}},
		"odd-port":           {[]string{`<a href="https://evil.org:8081/">x</a>`}, []string{`<a href="https://evil.org:443/">x</a>`}},
		"odd-slashes":        {[]string{`<a href="https:\\evil.org">x</a>`, `<a href="https:/evil.org">x</a>`}, []string{`<a href="https://evil.org">x</a>`}},
		"long-host":          {[]string{`<a href="https://a.b.c.d.e.f.g.org">x</a>`}, []string{`<a href="https://a.b.org">x</a>`}},
		"foreign-host":       {[]string{`<a href="https://münchen.de/">x</a>`}, []string{`<a href="https://muenchen.de/">x</a>`}},
		"shortener":          {[]string{`<a href="https://bit.ly/x">x</a>`}, []string{`<a href="https://rabbit.ly/x">x</a>`}},
		"free-page":          {[]string{`<a href="https://login.weebly.com/x">x</a>`, `<a href="https://gate.example.org/ipfs/Qm">x</a>`}, []string{`<a href="https://www.wordpress.org">x</a>`}},
		"form-maker":         {[]string{`<a href="https://docs.google.com/forms/d/x">x</a>`}, []string{`<a href="https://docs.google.com/document/d/x">x</a>`}},
		"throwaway-host":     {[]string{`<a href="https://claim-now.cyou">x</a>`}, []string{`<a href="https://claim-now.org">x</a>`}},
		"sends-on":           {[]string{`<a href="https://www.google.com/url?q=https://evil.org">x</a>`}, []string{`<a href="https://www.google.com/search?q=evil">x</a>`}},
		"text-names-other":   {[]string{`<a href="https://evil.org">www.northside.example</a>`, `<a href="https://evil.org">https://bank.com/login</a>`}, []string{`<a href="https://click.bank.com/x">bank.com</a>`, `<a href="https://evil.org">Click here. Now</a>`}},
		"program-link":       {[]string{`<a href="https://evil.org/setup.exe?x=1">x</a>`}, []string{`<a href="https://evil.com">x</a>`, `<a href="https://evil.org/setup.html">x</a>`}},
		"missing-attachment": {[]string{`<p>Please find attached your invoice.</p>`, `<p>Die Rechnung finden Sie im Anhang.</p>`, `<p>Veuillez trouver ci-joint la facture.</p>`, `<p>Le envío el archivo adjunto.</p>`, `<p>In allegato la fattura.</p>`, `<p>Segue em anexo a fatura.</p>`, `<p>Zie bijlage.</p>`, `<p>Faktura w załączniku.</p>`, `<p>Bifogat finns fakturan.</p>`, `<p>Fakturaen er vedhæftet.</p>`, `<p>添付ファイルをご覧ください。</p>`}, []string{`<p>We are attached to our patients.</p>`, `<p>The ligament is attached to the bone.</p>`, `<p>No strings attached!</p>`, `<p>He formed an attachment bond.</p>`}},
		"other-tenant":       {[]string{`<p>Your visit at Riverbank Family Practice</p>`, `<p>from HILLVIEW   dental</p>`}, []string{`<p>by the riverbank, a family practice</p>`}},
		"hidden-text":        {[]string{`<div style="display:none">` + strings.Repeat("pay now ", 45) + `</div>` + strings.Repeat("shown words ", 60)}, []string{`<div style="display:none">Your visit is on Monday</div>x`}},
		"much-hidden-text":   {[]string{`<div style="display:none">` + strings.Repeat("pay now ", 100) + `</div>x`}, []string{`<style>@media screen{.m{display:none}}</style><div class=m>` + strings.Repeat("pay now ", 100) + `</div>`}},
		"bait-comments":      {[]string{`<!--` + strings.Repeat("innocent words ", 150) + `-->x`}, []string{`<!--[if mso]>` + strings.Repeat("<p>x</p>", 300) + `<![endif]-->x`}},
		"split-words":        {[]string{`vi<!--a-->ag<!--b-->ra mor<xx>tga<yy>ge`}, []string{`vi<b></b>ag<i></i>ra mor<u>tga</u>ge <!-- x --> a <!-- y --> b <!-- z --> c <!-- u --> d`}},
		"invented-tags":      {[]string{strings.Repeat("<qzx>a ", 12)}, []string{strings.Repeat("<o:p>a ", 12)}},
		"invisible-letters":  {[]string{"pa\u200bss\u200bwo\u200brd"}, []string{"नमस्\u200dते नमस्\u200dते नमस्\u200dते", "می\u200cخواهم می\u200cخواهم می\u200cخواهم"}},
		"soft-hyphens":       {[]string{strings.Repeat("pass\u00adword ", 10)}, []string{"Donau\u00addampf\u00adschiff"}},
		"lookalike-letters":  {[]string{"vеrify yоur pаssword"}, []string{"TNFα and IFNγ levels, IT-специалист, SMSка, PDFки, α-helix"}},
		"fancy-letters":      {[]string{"𝐜𝐥𝐚𝐢𝐦 𝐧𝐨𝐰"}, []string{"x² + y² ≈ 𝑧"}},
		"spaced-words":       {[]string{"v.i.a.g.r.a", "V I A G R A", "f-r-e-e-b-i-e"}, []string{"the U.S.A. and the U.K.", "e.g. this i.e. that", "a - b - c", "1 2 3 4 5 6"}},
		"digits-in-words":    {[]string{"v1agra and m0rtgage"}, []string{"win32api, a1b2c3, 4th, mp3s, 2nd, x264"}},
		"turned-text":        {[]string{"safe\u202egpj.exe"}, []string{"שלום \u202aabc\u202c"}},
		"script":             {[]string{`<script>x()</script>`}, []string{`<p>script</p>`}},
		"password-field":     {[]string{`<input type=PASSWORD>`}, []string{`<input type=text>`}},
		"form":               {[]string{`<form action="https://northside.example/"></form>`, `<input name=x>`}, []string{`<p>a form</p>`}},
		"event-handler":      {[]string{`<p onclick="x()">x</p>`}, []string{`<p one="x">x</p>`[:0] + `<p class="on">x</p>`}},
		"frame":              {[]string{`<iframe src="https://northside.example"></iframe>`, `<object data="x"></object>`}, []string{`<p>frame</p>`}},
		"refresh":            {[]string{`<meta http-equiv="Refresh" content="0;url=https://evil.org">`}, []string{`<meta http-equiv="Content-Type" content="text/html">`}},
		"base":               {[]string{`<base href="https://northside.example">`}, []string{`<basefont>`}},
	} {
		for _, html := range c.yes {
			if got := sees(letter(anchor+html), about); !has(got, rule) {
				t.Errorf("%s does not see %.80s (%v)", rule, html, got)
			}
		}
		for _, html := range c.no {
			if got := sees(letter(anchor+html), about); has(got, rule) {
				t.Errorf("%s fires on %.80s", rule, html)
			}
		}
	}
}

func TestValueLink(t *testing.T) {
	s := letter(anchor)
	for value, want := range map[string]bool{
		"https://evil.org": true, "hxxp evil": true, "www.evil.org": true, "evil.org": true, "evil.com/x": true, "evil . com": true, "evil dot com": true, "evil[.]org": true,
		"evil(dot)org": true, "ev\u200bil.com": true, "ｅｖｉｌ．ｃｏｍ": true, "evil。com": true, "EVIL.COM": true, "call (evil.com)": true,
		"Ann Lee": false, "Dr. Osei": false, "4.5.2026": false, "14.30": false, "St. John": false, "ann@northside.example": false, "Co. Kerry": false, "J.R. Smith": false, "polka dot dress": false, "10:30": false, "and/or": false, "O'Neil-Smith": false, "": false,
	} {
		about := screen.Context{TenantName: "Northside", Values: []string{"x", value}}
		if got := has(sees(s, about), "value-link"); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestRulesOnSenders(t *testing.T) {
	for _, c := range []struct {
		rule, subject, name, address, html string
		want                               bool
	}{
		{"address-in-name", "x", "support@paypal.com", "x@evil.example", "", true},
		{"address-in-name", "x", "paypal.com", "x@evil.example", "", true},
		{"address-in-name", "x", "ann@shop.com", "ann@news.shop.com", "", false},
		{"address-in-name", "x", "Dr. Ann Lee", "x@evil.example", "", false},
		{"brand-in-name", "x", "PayPal Service", "x@evil.example", "<a href=https://evil.example/>x</a>", true},
		{"brand-in-name", "x", "Wells Fargo", "x@evil.example", "", true},
		{"brand-in-name", "x", "РayРal", "x@evil.example", "", true},
		{"brand-in-name", "x", "PayPal", "service@paypal.com", "", false},
		{"brand-in-name", "x", "PayPal", "x@tenant.example", "<a href=https://www.paypal.com/x>x</a>", false},
		{"brand-in-name", "x", "Apple Orchard", "x@evil.example", "", false},
		{"brand-in-subject", "Your Netflix payment failed", "Billing", "x@evil.example", "<a href=https://evil.example/>x</a>", true},
		{"brand-in-subject", "Your Netflix payment failed", "Billing", "x@evil.example", "<a href=https://www.netflix.com/>x</a>", false},
		{"too-much", "x", "x", "x@evil.example", strings.Repeat("<a href=https://evil.example/>x</a>", 501), true},
		{"too-much", "x", "x", "x@evil.example", strings.Repeat("<a href=https://evil.example/>x</a>", 500), false},
		{"too-much", "x", "x", "x@evil.example", strings.Repeat("words ", 12000), true},
		{"odd-letters-in-name", "x", "Gооgle Tеam", "x@evil.example", "", true},
		{"odd-letters-in-name", "x", "Иван Petrov", "x@evil.example", "", false},
		{"shouted-subject", "YOU HAVE WON A PRIZE", "x", "x@evil.example", "", true},
		{"shouted-subject", "Act now!!!", "x", "x@evil.example", "", true},
		{"shouted-subject", "Your visit to NHS clinic", "x", "x@evil.example", "", false},
		{"disguised-subject", "Cheap v1agra", "x", "x@evil.example", "", true},
		{"disguised-subject", "Your visit on 4 May", "x", "x@evil.example", "", false},
		{"pretended-reply", "Re: your order", "x", "x@evil.example", "<a href=https://evil.example/>Buy</a>", true},
		{"pretended-reply", "Re: your order", "x", "x@evil.example", "<a href=https://evil.example/>Buy</a><br>Ann wrote:<br>hello", false},
		{"image-only", "x", "x", "x@evil.example", "<a href=https://evil.example/><img src=https://evil.example/p.png></a>", true},
		{"image-only", "x", "x", "x@evil.example", anchor + "<img src=https://evil.example/p.png>", false},
		{"image-only", "x", "x", "x@evil.example", "hello <img width=1 height=1 src=https://evil.example/p.png>", false},
		{"image-heavy", "x", "x", "x@evil.example", anchor + "<img src=https://evil.example/p.png>", true},
		{"one-big-link", "x", "x", "x@evil.example", "<a href=https://evil.example/><img src=https://evil.example/p.png></a>", true},
	} {
		s := screen.ReadLetter(c.subject, c.name, c.address, "", c.html)
		if got := has(sees(s, screen.Context{}), c.rule); got != c.want {
			t.Errorf("%s on %q <%s> %q %.60s: %v", c.rule, c.name, c.address, c.subject, c.html, got)
		}
	}
}

func TestRulesOnMessages(t *testing.T) {
	const mixed = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nPlease find attached the letter.\n--b\nContent-Type: application/octet-stream; name=\"%\"\nContent-Disposition: attachment\n\nx\n--b--\n"
	long := strings.Repeat("alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey yankee zulu ", 2)
	for rule, c := range map[string]struct{ yes, no string }{
		"free-reply":         {"From: a@shop.example\nReply-To: a@gmail.com\n\nx", "From: a@gmail.com\nReply-To: b@yahoo.com\n\nx"},
		"program-attached":   {strings.ReplaceAll(mixed, "%", "invoice.pdf.exe"), strings.ReplaceAll(mixed, "%", "invoice.pdf")},
		"page-attached":      {strings.ReplaceAll(mixed, "%", "voice.html"), strings.ReplaceAll(mixed, "%", "voice.mp3")},
		"missing-attachment": {"Subject: x\n\nPlease find attached the letter.", strings.ReplaceAll(mixed, "%", "letter.pdf")},
		"broken":             {"Content-Type: multipart/mixed\n\nx", "Content-Type: text/plain\n\nx"},
		"parts-disagree": {"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n" + long + "\n--b\nContent-Type: text/html\n\n<p>Buy pills here</p>\n--b--\n",
			"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n" + long + "\n--b\nContent-Type: text/html\n\n<p>" + long + "</p>\n--b--\n"},
		"pretended-reply": {"Subject: Re: x\nContent-Type: text/html\n\n<a href=https://evil.org>x</a>", "Subject: Re: x\nReferences: <a@b>\nContent-Type: text/html\n\n<a href=https://evil.org>x</a>"},
	} {
		for raw, want := range map[string]bool{c.yes: true, c.no: false} {
			s, err := screen.Read([]byte(raw))
			if err != nil {
				t.Fatal(err)
			}
			if got := sees(s, screen.Context{}); has(got, rule) != want {
				t.Errorf("%s: %v on %.100q", rule, got, raw)
			}
		}
	}
	quoted, _ := screen.Read([]byte("Subject: x\n\nHello.\n> Please find attached the letter.\n"))
	if has(sees(quoted, screen.Context{}), "missing-attachment") {
		t.Error("a quoted line promises an attachment")
	}
}

// Every rule is seen by some test above, by name.
func TestEveryRuleHasATest(t *testing.T) {
	source, err := os.ReadFile("rule_test.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range screen.RuleNames() {
		if !strings.Contains(string(source), `"`+name+`"`) {
			t.Errorf("%s has no test", name)
		}
		if seen[name] {
			t.Errorf("%s stands twice in the table", name)
		}
		seen[name] = true
	}
}

// Letters as practices and shops send them must not be held: in the house with
// their hosts approved, and anywhere else.
func TestInnocentLettersAreNotHeld(t *testing.T) {
	files, err := filepath.Glob("../compose/testdata/letters/*.html")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d letters: %v", len(files), err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := screen.ReadLetter("Your visit", "Northside", "desk@northside.example", "", string(source))
		var hosts []string
		for _, l := range s.Links {
			hosts = append(hosts, l.Host)
		}
		for _, about := range []screen.Context{{}, {TenantName: "Northside", OwnDomains: []string{"northside.example"}, ApprovedHosts: hosts}} {
			for _, f := range screen.Findings(s, about) {
				if f.Decision != cordon.Pass {
					t.Errorf("%s: %s: %s", filepath.Base(file), f.Rule, f.Message)
				}
			}
		}
	}
}

// What a rule says goes to logs and pages: never a person's data or a whole URL.
func TestFindingsRepeatNothingPersonal(t *testing.T) {
	s := screen.ReadLetter("Ann Secret, act now!!!", "ann.secret@paypal.com", "x@evil.example", "",
		`<a href="https://evil.example:81/secret?ann=secret">paypal.com</a> Please find attached, Ann Secret. <script>secret</script>`)
	found := screen.Findings(s, screen.Context{TenantName: "Northside", ApprovedHosts: []string{}, OtherNames: []string{"Secret Clinic"}, Values: []string{"secret.com"}})
	if len(found) < 6 {
		t.Fatalf("only %d findings", len(found))
	}
	for _, f := range found {
		if strings.Contains(strings.ToLower(f.Message), "secret") || strings.Contains(f.Message, "://") || len(f.Message) > 200 {
			t.Errorf("%s: %s", f.Rule, f.Message)
		}
		if f.Weight <= 0 || f.Decision == cordon.Undecided {
			t.Errorf("%s: weight %v, decision %v", f.Rule, f.Weight, f.Decision)
		}
	}
}
