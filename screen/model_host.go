package screen

import "strings"

// What a host says about who stands behind a link. General knowledge, gathered
// by hand: none of it is learnt from single messages.

// hostKind is a set of things a link's host is known for.
type hostKind uint16

const (
	hostShort   hostKind = 1 << iota // anybody's link, shortened
	hostPages                        // anybody's page, for nothing and within a minute
	hostForm                         // anybody's questionnaire
	hostMailer                       // a known house for newsletters
	hostSocial                       // a known network; newsletters lead to several
	hostBad                          // a top-level domain that costs next to nothing
	hostNoise                        // a domain name nobody could remember
	hostNumber                       // an IP number
	hostContent                      // images only: a content network
)

var senderHosts = hostTable(map[hostKind]string{
	hostMailer:  "list-manage.com list-manage1.com list-manage2.com mailchi.mp mailchimp.com mcusercontent.com sendgrid.net hubspotlinks.com hubspotemail.net hs-sites.com hubspot.com kmail-lists.com klclick.com klclick1.com klclick2.com klclick3.com klaviyo.com klaviyomail.com constantcontact.com rs6.net exacttarget.com exct.net salesforce.com mktoresp.com mktoweb.com mkt-links.com rsys2.com responsys.net emarsys.net braze.com iterable.com customeriomail.com sailthru.com createsend.com createsend1.com cmail19.com cmail20.com mailjet.com mjt.lu sendibm1.com sendibm2.com sendinblue.com brevo.com activehosted.com acemlna.com acemlnb.com acemlnc.com aweber.com getresponse.com mailgun.org pstmrk.it sparkpostmail.com awstrack.me substack.com beehiiv.com convertkit-mail.com convertkit.com omnisend.com bm23.com e2ma.net icontact.com vresp.com campaign-archive.com benchmarkemail.com mailerlite.com mlsend.com mailpoet.com flodesk.com myshopify.com shopify.com shopifyemail.com squarespace.com wix.com govdelivery.com blackbaud.com everyaction.com actionkit.com eventbrite.com meetup.com paypal.com pardot.com moosend.com cleverreach.com rapidmail.com newsletter2go.com inxmail.com mailingwork.de dotdigital.com dmtry.com attn.tv narvar.com zendesk.com",
	hostSocial:  "facebook.com instagram.com twitter.com x.com linkedin.com youtube.com pinterest.com tiktok.com threads.net snapchat.com xing.com vimeo.com",
	hostContent: "cloudfront.net akamaized.net akamai.net fastly.net imgix.net cloudinary.com googleapis.com gstatic.com googleusercontent.com bootstrapcdn.com typekit.net w3.org schema.org microsoft.com",
})

const badDomains = " top xyz shop click sbs autos help space icu buzz cyou monster quest rest bond cfd lol beauty hair skin makeup boats yachts homes motorcycles mom pics art fun live online site website store tech wiki world best bid win loan loans date download stream trade party review faith racing science accountant cricket men work gq ml cf ga tk pw cc ws biz info us su ru cn in vip club life today pro one link digital guru ltd center support agency network finance fit casino bet poker sex porn xxx cam dating singles bar vin ink kim red blue pink black wtf uno "

// weakDomains are of those the ones that serious houses use too.
const weakDomains = " biz info us ru cn in cc ws club life today pro one link online site store tech live world best digital center support agency network finance art fun work "

func hostTable(kinds map[hostKind]string) map[string]hostKind {
	table := map[string]hostKind{}
	for kind, hosts := range kinds {
		for h := range strings.FieldsSeq(hosts) {
			table[h] |= kind
		}
	}
	return table
}

// kindOf looks up a link's host and every domain above it.
func kindOf(l *Link) hostKind {
	if l.Host == "" {
		return 0
	}
	if l.Trick.Has(TrickIP) {
		return hostNumber
	}
	var kind hostKind
	switch serviceOf(l.Host, l.Domain) {
	case shortener:
		kind = hostShort
	case freePage:
		kind = hostPages
	case formMaker:
		kind = hostForm
	}
	for h := l.Host; ; {
		kind |= senderHosts[h]
		_, rest, ok := strings.Cut(h, ".")
		if !ok || len(h) <= len(l.Domain) && len(l.Domain) > 0 && len(rest) < 4 {
			break
		}
		h = rest
	}
	if kind != 0 {
		if kind&(hostPages|hostShort|hostForm) != 0 {
			kind &^= hostContent
		}
		return kind
	}
	tld := l.Domain[strings.LastIndexByte(l.Domain, '.')+1:]
	if listed(badDomains, tld) {
		kind |= hostBad
	}
	if noisy(l.Domain) {
		kind |= hostNoise
	}
	return kind
}

// listed says whether a space-separated list holds word.
func listed(list, word string) bool {
	for word != "" {
		i := strings.Index(list, word)
		if i < 0 {
			return false
		}
		end := i + len(word)
		if (i == 0 || list[i-1] == ' ') && (end == len(list) || list[end] == ' ') {
			return true
		}
		list = list[i+len(word):]
	}
	return false
}

// noisy says whether the name of a domain looks drawn by lot: five consonants in
// a row, digits among letters, or very long.
func noisy(domain string) bool {
	name, _, _ := strings.Cut(domain, ".")
	run, longest, digits, turns := 0, 0, 0, 0
	for i := range len(name) {
		c := name[i]
		switch {
		case '0' <= c && c <= '9':
			digits++
			if i > 0 && asciiClass[name[i-1]&0x7f] == classLetter {
				turns++
			}
			run = 0
		case c == '-' || strings.IndexByte("aeiouy", c) >= 0:
			run = 0
		default:
			run++
			longest = max(longest, run)
		}
	}
	return longest >= 5 || turns >= 2 || digits >= 3 && digits < len(name) || len(name) >= 22
}
