package screen

import (
	"strings"
	"sync"
)

// brand is a name that others like to write under.
type brand struct {
	label   string // as it stands before the suffix of its domain
	domains string // further registrable domains that are its own
	word    bool   // it is also a word or a name: it says nothing in a sender's name
}

// brands are the names most often imitated in mail, by what phishing reports
// list year after year; hosts of the tenants are compared besides.
var brands = []brand{
	{"paypal", "paypal.me paypalobjects.com paypal-communication.com paypal-corp.com paypal-notice.com", false},
	{"amazon", "amazonaws.com amazonses.com amazon-adsystem.com amazonpay.com media-amazon.com ssl-images-amazon.com amzn.to a2z.com", false},
	{"apple", "apple.news icloud.com itunes.com mzstatic.com me.com", true},
	{"icloud", "apple.com icloud-content.com", false},
	{"microsoft", "microsoftonline.com microsoft365.com office.com office365.com live.com outlook.com sharepoint.com azure.com windows.net msn.com microsoftemail.com msdn.com technet.com passport.com bing.com", false},
	{"outlook", "microsoft.com live.com office.com hotmail.com", true},
	{"office365", "microsoft.com office.com microsoftonline.com", false},
	{"onedrive", "live.com microsoft.com 1drv.ms sharepoint.com", false},
	{"sharepoint", "microsoft.com sharepointonline.com", false},
	{"google", "googleapis.com googleusercontent.com googlegroups.com gstatic.com gmail.com goo.gl youtube.com google-analytics.com googleadservices.com googlesyndication.com googlemail.com googlesource.com googlecode.com withgoogle.com googletagmanager.com", false},
	{"gmail", "google.com googlemail.com", false},
	{"youtube", "youtu.be google.com ytimg.com youtube-nocookie.com", false},
	{"facebook", "fb.com fb.me fbcdn.net facebookmail.com meta.com instagram.com messenger.com", false},
	{"instagram", "facebook.com cdninstagram.com meta.com facebookmail.com", false},
	{"whatsapp", "wa.me facebook.com whatsapp.net", false},
	{"linkedin", "lnkd.in licdn.com", false},
	{"twitter", "x.com t.co twimg.com", false},
	{"telegram", "t.me telegram.org telegram.me", true},
	{"tiktok", "tiktokcdn.com bytedance.com", false},
	{"snapchat", "snap.com", false},
	{"discord", "discordapp.com discord.gg discordapp.net", true},
	{"netflix", "nflxext.com nflximg.net nflxso.net", false},
	{"spotify", "scdn.co spotifycdn.com", false},
	{"disneyplus", "disney.com disneyplus.com", false},
	{"dropbox", "dropboxusercontent.com dropboxmail.com db.tt", false},
	{"docusign", "docusign.net", false},
	{"wetransfer", "we.tl", false},
	{"adobe", "adobe.io adobesign.com adobelogin.com echosign.com adobecc.com omtrdc.net", false},
	{"zoom", "zoom.us zoomgov.com", true},
	{"github", "githubusercontent.com github.io githubassets.com", false},
	{"godaddy", "secureserver.net", false},
	{"cloudflare", "cloudflare.net workers.dev", false},
	{"wordpress", "wp.com wordpress.org automattic.com", false},
	{"mailchimp", "list-manage.com mcusercontent.com mandrillapp.com intuit.com", false},
	{"ebay", "ebaystatic.com ebayimg.com ebaydesc.com", false},
	{"walmart", "walmartimages.com", false},
	{"costco", "", false},
	{"bestbuy", "", false},
	{"homedepot", "", false},
	{"alibaba", "alicdn.com alibaba-inc.com", false},
	{"aliexpress", "alicdn.com", false},
	{"shopify", "myshopify.com shopifyemail.com", false},
	{"booking", "", true},
	{"airbnb", "airbnbmail.com muscache.com", false},
	{"uber", "", true},
	{"steampowered", "steamcommunity.com valvesoftware.com", false},
	{"roblox", "", false},
	{"norton", "nortonlifelock.com symantec.com", true},
	{"mcafee", "mcafeesecure.com", false},
	{"geeksquad", "bestbuy.com", false},
	{"coinbase", "", false},
	{"binance", "binance.us", false},
	{"blockchain", "", true},
	{"metamask", "metamask.io", false},
	{"trustwallet", "", false},
	{"ledger", "", true},
	{"trezor", "trezor.io", false},
	{"kraken", "", true},
	{"opensea", "opensea.io", false},
	{"uniswap", "uniswap.org", false},
	{"pancakeswap", "pancakeswap.finance", false},
	{"crypto", "crypto.com", true},
	{"tesla", "teslamotors.com", true},
	{"spacex", "", false},
	{"visa", "", true},
	{"mastercard", "mastercard.us", false},
	{"americanexpress", "aexp.com aexp-static.com amex.com", false},
	{"wellsfargo", "wf.com wellsfargoemail.com", false},
	{"bankofamerica", "bofa.com bankofamerica.net", false},
	{"citibank", "citi.com citigroup.com", false},
	{"capitalone", "", false},
	{"usbank", "", false},
	{"hsbc", "", false},
	{"barclays", "barclaycard.co.uk barclaysus.com", false},
	{"santander", "", false},
	{"lloydsbank", "lloydsbank.co.uk", false},
	{"natwest", "", false},
	{"deutschebank", "db.com deutsche-bank.de", false},
	{"commerzbank", "", false},
	{"sparkasse", "", false},
	{"volksbank", "", false},
	{"postbank", "", false},
	{"creditagricole", "credit-agricole.fr", false},
	{"labanquepostale", "", false},
	{"societegenerale", "", false},
	{"bnpparibas", "bnpparibas.net", false},
	{"postfinance", "", false},
	{"rabobank", "", false},
	{"intesasanpaolo", "", false},
	{"unicredit", "", false},
	{"caixabank", "", false},
	{"bradesco", "", false},
	{"itau", "", true},
	{"nubank", "", false},
	{"moneygram", "", false},
	{"westernunion", "", false},
	{"cashapp", "cash.app square.com", false},
	{"venmo", "", false},
	{"zelle", "zellepay.com", false},
	{"klarna", "", false},
	{"revolut", "", false},
	{"dhl", "dhl-news.com dpdhl.com", false},
	{"fedex", "", false},
	{"usps", "", false},
	{"royalmail", "", false},
	{"hermes", "evri.com myhermes.co.uk", true},
	{"laposte", "laposte.net colissimo.fr", false},
	{"chronopost", "", false},
	{"deutschepost", "dhl.de", false},
	{"dpd", "dpdgroup.com dpd-group.com", false},
	{"correos", "", true},
	{"posteitaliane", "poste.it", false},
	{"canadapost", "canadapost-postescanada.ca", false},
	{"verizon", "verizonwireless.com vzw.com vtext.com", false},
	{"comcast", "xfinity.com", false},
	{"xfinity", "comcast.net comcast.com", false},
	{"vodafone", "", false},
	{"telekom", "t-online.de telekom.com", true},
	{"irs", "irs.gov", true},
	{"medicare", "medicare.gov", true},
	{"yahoo", "yimg.com yahoomail.com yahoo-inc.com yahoogroups.com aol.com rocketmail.com ymail.com", false},
	{"hotmail", "live.com outlook.com msn.com", false},
	{"roundcube", "", false},
	{"zimbra", "", false},
	{"stripe", "stripe.network stripecdn.com", true},
	{"intuit", "quickbooks.com turbotax.com intuitcdn.net", false},
	{"quickbooks", "intuit.com", false},
}

// brandBook finds brands by how they look.
type brandBook struct {
	byLabel    map[string]*brand
	byLikeness map[string]*brand
	owners     map[string]string // a domain's brands: its labels with spaces around them
}

var brandTable = sync.OnceValue(func() *brandBook {
	t := &brandBook{map[string]*brand{}, map[string]*brand{}, map[string]string{}}
	for i := range brands {
		b := &brands[i]
		t.byLabel[b.label] = b
		t.byLikeness[likeness(b.label)] = b
		for _, d := range strings.Fields(b.domains) {
			t.owners[d] += " " + b.label + " "
		}
	}
	return t
})

// owns says whether a registrable domain belongs to the brand: its own label
// under a well-kept suffix, or one of its further domains.
func (t *brandBook) owns(b *brand, domain string) bool {
	label, suffix, _ := strings.Cut(domain, ".")
	if label == b.label {
		return keptSuffix(suffix)
	}
	return strings.Contains(t.owners[domain], " "+b.label+" ")
}

// keptSuffix says whether a brand's label under the suffix is nearly always the
// brand's: com, net, org and the countries, but for those that gave names away.
func keptSuffix(suffix string) bool {
	switch suffix {
	case "com", "net", "org", "gov", "io", "us.com", "email", "app", "dev", "finance", "exchange", "help":
		return true
	case "tk", "ml", "ga", "cf", "gq", "cc", "ws", "pw", "to", "su", "la", "ly", "cm", "om", "co":
		return false
	}
	last := suffix[strings.LastIndexByte(suffix, '.')+1:]
	return len(last) == 2 && (last == suffix || len(suffix) <= 6)
}

// imitates says which brand a host imitates, and how closely.
func (t *brandBook) imitates(host, domain string) (*brand, imitation) {
	label, _, _ := strings.Cut(domain, ".")
	if b := t.byLabel[label]; b != nil {
		if t.owns(b, domain) || b.word {
			return nil, 0
		}
		return b, carries
	}
	if b := t.byLikeness[likeness(unicodeLabel(label))]; b != nil && len(b.label) > 3 && !t.owns(b, domain) {
		return b, looksLike
	}
	for rest := host[:len(host)-len(suffixOf(domain))]; rest != ""; {
		part := rest
		if i := strings.IndexAny(rest, ".-_"); i >= 0 {
			part, rest = rest[:i], rest[i+1:]
		} else {
			rest = ""
		}
		if len(part) < 4 {
			continue
		}
		if b := t.byLabel[part]; b != nil && !b.word && !t.owns(b, domain) {
			return b, carries
		}
		if hasDigit(part) || strings.HasPrefix(part, "xn") {
			if b := t.byLikeness[likeness(unicodeLabel(part))]; b != nil && !b.word && b.label != part && !t.owns(b, domain) {
				return b, looksLike
			}
		}
	}
	return nil, 0
}

// imitation is how a host imitates another.
type imitation int

const (
	carries   imitation = iota + 1 // the name stands in a host that is not its own
	looksLike                      // at a glance it is the same name
)

// suffixOf is what stands behind a registrable domain's own label.
func suffixOf(domain string) string {
	if i := strings.IndexByte(domain, '.'); i >= 0 {
		return domain[i:]
	}
	return ""
}

func unicodeLabel(label string) string {
	if strings.HasPrefix(label, "xn--") {
		return unicodeHost(label)
	}
	return label
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }
