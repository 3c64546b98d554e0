package screen

import (
	"strings"
	"sync"
)

// service is what a registrable domain (or one host) is known for.
type service uint8

const (
	shortener service = iota + 1 // hides where a link leads
	freePage                     // anyone puts up a page there without a name of his own
	formMaker                    // anyone makes a form there and asks for anything
	redirects                    // a well-known site that sends on to wherever its link says
	freeMail                     // anyone gets a mailbox there
)

// services is what is known of hosts, by registrable domain or by host. Who
// offers a service here does nothing wrong: it is a hint that a letter does not
// come from where it says.
var services = sync.OnceValue(func() map[string]service {
	table := map[string]service{}
	for kind, list := range map[service]string{shortener: shorteners, freePage: freePages, formMaker: formMakers, redirects: redirectors, freeMail: freeMailers} {
		for _, host := range strings.Fields(list) {
			table[host] = max(table[host], kind)
		}
	}
	return table
})

// serviceOf says what a host is known for: the host itself, what it stands
// under, or its registrable domain.
func serviceOf(host, domain string) service {
	table := services()
	for {
		if kind := table[host]; kind != 0 {
			return kind
		}
		i := strings.IndexByte(host, '.')
		if i < 0 || len(host) <= len(domain) {
			return 0
		}
		host = host[i+1:]
	}
}

const shorteners = `bit.ly bitly.com j.mp tinyurl.com t.co goo.gl ow.ly is.gd v.gd buff.ly rebrand.ly rb.gy cutt.ly shorturl.at shorte.st adf.ly bl.ink tiny.cc
tiny.one t.ly s.id soo.gd clck.ru u.to bit.do mcaf.ee su.pr x.co lc.chat qr.ae rotf.lol tny.im qrco.de l.ead.me t2m.io short.io short.gy
hyperurl.co urlz.fr urlzs.com gg.gg kutt.it 1url.com bc.vc ouo.io ity.im prettylinkpro.com cli.re snip.ly yourls.org 2no.co iplogger.org
grabify.link dlvr.it po.st snipurl.com tr.im cli.gs ur1.ca linktr.ee shorter.me zpr.io tinu.be da.gd lnkd.in ln.run surl.li n9.cl
acortar.link encurtador.com.br qrs.ly did.li lk.st me2.do han.gl vo.la url.kr 0rz.tw reurl.cc pse.is lihi.cc dwz.cn t.cn url.cn suo.im x.gd
1drv.ms dub.sh tr.ee me-qr.com qrcodes.pro flowcode.com uqr.me linkin.bio bitly.ws`

const freePages = `weebly.com wixsite.com wix.com webflow.io netlify.app vercel.app herokuapp.com github.io gitlab.io pages.dev workers.dev r2.dev
firebaseapp.com web.app glitch.me repl.co replit.app onrender.com fly.dev surge.sh render.com blogspot.com wordpress.com tumblr.com carrd.co
sites.google.com 000webhostapp.com 000webhost.com weeblysite.com square.site godaddysites.com mystrikingly.com jimdosite.com jimdofree.com
yolasite.com webnode.page webnode.com ucoz.net infinityfreeapp.com epizy.com rf.gd byethost.com byet.org 42web.io freehosting.com
angelfire.com tripod.com geocities.com 50megs.com freewebs.com webs.com duckdns.org no-ip.org ddns.net hopto.org sytes.net zapto.org ngrok.io
ngrok-free.app trycloudflare.com loca.lt serveo.net ipfs.io dweb.link cf-ipfs.com ipfs.dweb.link cloudflare-ipfs.com gateway.pinata.cloud
mypinata.cloud nftstorage.link w3s.link fleek.co infura-ipfs.io 4everland.io azurewebsites.net blob.core.windows.net web.core.windows.net
cloudapp.net cloudapp.azure.com storage.googleapis.com firebasestorage.googleapis.com s3.amazonaws.com amplifyapp.com digitaloceanspaces.com
ondigitalocean.app backblazeb2.com linodeobjects.com wasabisys.com notion.site gitbook.io canva.site my.canva.site framer.app framer.website
softr.app bubbleapps.io glide.page teachable.com telegra.ph rentry.co pastebin.com justpaste.it dropboxusercontent.com mediafire.com mega.nz
transfer.sh anonfiles.com gofile.io wetransfer.com we.tl appspot.com azureedge.net lycos.co.uk awsapprunner.com cloudfunctions.net run.app
oraclecloud.com myqcloud.com aliyuncs.com mybluehost.me temporary.site plesk.page strikingly.com`

const formMakers = `forms.gle docs.google.com forms.office.com typeform.com jotform.com surveymonkey.com formstack.com wufoo.com cognitoforms.com
123formbuilder.com formsite.com form.run tally.so paperform.co zfrmz.com forms.zoho.com hsforms.com formspree.io getform.io formcarry.com
forms.app survicate.com questionpro.com smartsurvey.co.uk surveyplanet.com fillout.com airtable.com emailjs.com submit-form.com web3forms.com
formsubmit.co forms.yandex.com`

const redirectors = `rd.yahoo.com drs.yahoo.com srd.yahoo.com r.search.yahoo.com g.msn.com l.facebook.com lm.facebook.com l.instagram.com googleadservices.com
adservice.google.com ad.doubleclick.net googleads.g.doubleclick.net clickserve.dartsearch.net translate.goog away.vk.com
nam01.safelinks.protection.outlook.com slack-redir.net l.wl.co linkprotect.cudasvc.com urldefense.com urldefense.proofpoint.com
smex-ctp.trendmicro.com`

const freeMailers = `gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.co.in yahoo.co.jp yahoo.com.br yahoo.es yahoo.it yahoo.ca yahoo.com.hk
yahoo.com.cn ymail.com rocketmail.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it hotmail.es outlook.com outlook.de outlook.fr
outlook.es live.com live.co.uk live.fr live.nl live.de live.it msn.com passport.com aol.com aim.com netscape.net icloud.com me.com mac.com
gmx.com gmx.de gmx.net gmx.at gmx.ch web.de freenet.de t-online.de mail.com email.com usa.com mail.ru inbox.ru list.ru bk.ru yandex.ru
yandex.com ya.ru rambler.ru protonmail.com proton.me pm.me tutanota.com tuta.io tutamail.com zoho.com zohomail.com zohomail.eu qq.com 163.com
126.com yeah.net sina.com sina.cn sohu.com foxmail.com 21cn.com naver.com daum.net hanmail.net rediffmail.com indiatimes.com libero.it
virgilio.it tiscali.it alice.it tin.it laposte.net orange.fr free.fr sfr.fr wanadoo.fr o2.pl wp.pl onet.pl interia.pl seznam.cz centrum.cz
terra.com.br uol.com.br bol.com.br ig.com.br fastmail.com fastmail.fm hushmail.com lycos.com excite.com mail2world.com juno.com netzero.net
mailinator.com guerrillamail.com yopmail.com temp-mail.org 10minutemail.com trashmail.com sharklasers.com cock.li disroot.org keemail.me
ukr.net i.ua abv.bg mynet.com walla.com walla.co.il post.com consultant.com engineer.com europe.com accountant.com representative.com dr.com`
