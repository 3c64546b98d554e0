package screen

// Lures that sell what serious senders do not sell by mail.
func goodsLures() []lure {
	return []lure{
		{name: "medicine", weight: 1.6, brand: true, says: "names medicines that are sold without a doctor", phrases: `
en: viagra | cialis | levitra | tadalafil | sildenafil | vardenafil | kamagra | xanax | valium | vicodin | hydrocodone | oxycontin |
	oxycodone | percocet | codeine | phentermine | ambien | soma | tramadol | ultram | fioricet | lorazepam | ativan | klonopin |
	diazepam | alprazolam | adipex | meridia | xenical | propecia | zoloft | paxil | prozac | celebrex | vioxx | lipitor | zocor | nexium |
	zyban | valtrex | acyclovir | clomid | nolvadex | darvocet | lortab | norco | butalbital | carisoprodol | flexeril | rivotril |
	ritalin | adderall | modafinil | didrex | tenuate | human growth hormone | hgh | ozempic | wegovy | mounjaro | semaglutide |
	tirzepatide | viagr | vlagra | clalis | cialls | viagara | vicodine | softtabs | soft tabs | apcalis | regalis`},
		{name: "pharmacy", weight: 2.0, brand: true, says: "advertises medicines without a prescription", phrases: `
en: online pharmac* | on line pharmac* | internet pharmac* | pharmacy online | canadian pharmac* | canadian drugs | canadian meds |
	mexican pharmac* | discount pharmac* | cheap pharmac* | cheap meds | cheap drugs | discount meds | discount drugs | generic .. viagra |
	generic .. cialis | generic meds | generic drugs | generic medications | generic pharmac* | no prescription* | no prior prescription* |
	without prescription* | without a prescription* | without .. prescription | no script | no rx | prescription free |
	free prescription* | prescription drugs | prescription medic* | prescription meds | prescriptions online | rx online | rx meds |
	rx drugs | rx medications | online rx | meds online | med s online | medications online | medicines online | drugs online |
	pills online | tablets online | buy meds | buy viagra | buy cialis | buy pills | order viagra | 
	pain meds | pain pills | pain relief meds | sleeping pills | weight loss pills |
	diet pills | per pill | per dose | per tablet | mg x | x 10mg | x 20mg | x 50mg | x 100mg | 
	no physician* | no waiting rooms | no doctor visit* | no doctors | without .. doctor | doctor visit* | online doctor* | licensed .. physician* |
	medical consultation | fda approved | discreet pack* | discreetly | discrete pack* | overnight shipping | next day shipping |
	fedex overnight | world wide shipping | worldwide shipping | ship* worldwide | all countries | your meds | our meds | medz |
	health store
es: sin receta | farmacia online | farmacia en linea | medicamentos online
pt: sem receita | farmacia online
de: ohne rezept | rezeptfrei | online apotheke | internet apotheke | potenzmittel
fr: sans ordonnance | pharmacie en ligne | medicaments en ligne
it: senza ricetta | farmacia online | farmaci online
nl: zonder recept | online apotheek
ru: таблетк*`},
		{name: "enhancement", weight: 2.4, says: "advertises sexual performance", phrases: `
en: erection* | erectile | erectile dysfunction | impoten* | ejaculat* | premature ejac* | libido | sex drive | sexual performance |
	sexual desire | sexual health | sexual life | sex life | love life | sexual stamina | stamina | last longer | lasting longer | in bed |
	in the bedroom | rock hard | rockhard | raging hard | hard on | penis | penile | your penis | enlarg* | enhancement |
	male enhancement | male power | manhood | your size | size matters | inches | inch longer | bigger .. size | grow .. inches |
	your tool | your rod | your partner | your woman | your lady | your girl | satisfy her | please her | pleasure her | make her |
	she will love | she ll love | women love | girls love | orgasm* | more sperm | semen | volume pills | weekend pill | super viagra |
	virility | potency | testosterone | ed issues | revive* your ed | your ed | blue pill | enhance your | penis pump
de: potenz | erektion* | penisverlangerung | im bett | manneskraft
pt: ereca* | impotencia | aumentar o penis | na cama
es: ereccion* | impotencia | agrandar | en la cama
fr: erection* | impuissance | agrandir | au lit
it: erezion* | impotenza | a letto
nl: erectie* | impotentie | in bed`},
		{name: "replica", weight: 2.6, brand: true, says: "advertises replica goods", phrases: `
en: rolex | rolexes | breitling | cartier | patek philippe | omega | tag heuer | bvlgari | bulgari | franck muller | frank muller |
	jaeger lecoultre | audemars | panerai | swiss watch* | luxury watch* | designer watch* | wristwatch* | timepiece* | fake watches |
	louis vuitton | gucci | prada | hermes bag* | designer handbag* | designer bags | knockoff* | imitation | exact copy |
	genuine .. copy`},
		{name: "software", weight: 2.0, says: "advertises software at give-away prices", phrases: `
en: oem software | oem version* | oem soft | qem software | cheap software | discount software | downloadable software |
	software .. cents on the dollar | best software prices | software prices | cheap oem | adobe photoshop | adobe acrobat |
	adobe creative | adobe illustrator | adobe premiere | macromedia | dreamweaver | corel | coreldraw | norton system | norton internet |
	full version* | cd r | cdr | popular software | software titles | soft .. off | lifetime license | activation key | product key
de: software .. gunstig | oem software
ru: программ*`},
		{name: "dating", weight: 2.6, says: "advertises dating or adult content", phrases: `
en: dating | lonely | lonely wives | cheating wives | housewives | hook up | hookup* | meet .. tonight | blind date | soul mate | sexy |
	porn* | adult .. site | adult dating | adult content | webcam girl* | cam girl* | nude* | horny | sluts | milf* | hot girls |
	hot women | beautiful women | russian women | russian girls | russian singles | russian bride* | ukrainian women | ukrainian girl* |
	ukrainian beaut* | slavic women | slavic girl* | asian women | asian beaut* | latin women | beautiful lady | your photo | my photo* |
	private photo* | my profile | your profile .. approved | view her | single woman | single man | lady staying | looking for .. man |
	looking for a man | serious relationship | flirt* | xdating | chat with .. girl* | girls near you | women near you |
	women in your area | wants to meet | wants to chat | sent you a message | private message from | 18 u s c | 18 years or older |
	male seeking | mature women
de: treffen sie .. frau* | ukrainische frau* | slawische frau* | russische frau* | private fotos | einsam* | sexkontakt* | flirt* |
	dating | partnersuche | frauen .. nahe | heisse | intim
pt: encontros | namoro | sexo
es: sexo | conocer mujeres | mujeres rusas
fr: rencontre* | celibataire* | sexe | coquine* | femmes russes | chat coquin
it: incontri | ragazz* ucrain* | bellezze | sesso | donne russe | messaggio privato
nl: afspraakjes | sexdate* | seks | expliciete | chatten | eenzame | stoute
ru: знакомств* | девушк*`},
		{name: "health-miracle", weight: 2.4, says: "advertises a miracle cure", phrases: `
en: reverse .. diabetes | weight loss | lose weight | losing weight | lose .. pounds | lost .. pounds | pounds in | burn fat | burns fat |
	fat burn* | fat burning | melt* .. fat | melts .. flab | melt .. flab | belly fat | stubborn fat | flush* .. fat | keto | ketosis |
	gummies | apple cider | slim* | diet pill* | diet product | cleanse | ringing in your ears | nerve pain | neuropathy .. relief |
	neuropathy relief | tinnitus relief | silence .. tinnitus | toenail* | nail fungus | bathroom at night | brain fog |
	brain health | restore .. vision | perfect vision | rotten teeth | teeth whiten* | hair loss | hair growth | regrow | thicker hair | lashes | wrinkle* | anti aging | antiaging |
	age spots | younger looking | look younger | crepey | collagen | dark spots | lower .. blood pressure | cbd |
	hemp oil | cbd oil | doctors hate | big pharma | hidden truth | shocking | weird trick | blood sugar .. trick | blood sugar support |
	lower .. blood sugar | balance .. blood sugar | joint pain relief | back pain relief | knee pain relief | end .. joint pain |
	end .. back pain | eliminate .. pain | relieve* pain | shrink .. prostate | prostate relief | boost .. immune | restore .. hearing |
	rebuild .. cartilage | boost .. energy | dietary supplement* | our supplement | simple trick | one trick | strange trick |
	shower trick | kitchen trick | weird .. ritual | morning ritual | bedtime ritual | 10 seconds | 7 second* | at home remedy |
	natural remedy | ancient remedy | home remedy | miracle | breakthrough | groundbreaking discovery |
	clinically proven | clinical* studied | doctor recommended | doctors use | stanford | harvard | cambridge university |
	scientists discover* | researchers have discovered | researchers discover* | risk free trial | free bottle | free trial bottle |
	all natural | herbal | superfood | probiotic* | gut health | sleep better | restful nights | snoring | snore |
	stop snoring | balance nerve | ring that tracks | smartwatch | translator | mosquito | portable ac | night vision | jump starter |
	flashlight | stun gun
de: abnehmen | gewichtsverlust | fett .. schmelz* | fettverbrennung | ohne diat | schmelzen .. fett | nagelpilz | wundermittel
pt: emagrec* | perder peso | queimar gordura | queima de gordura
es: perder peso | bajar de peso | quemar grasa | adelgaz*
fr: perdre du poids | perte de poids | bruler les graisses | brule graisse | maigrir | mincir
it: perdere peso | dimagri* | brucia grassi | bruciare i grassi
nl: afvallen | gewichtsverlies | vetverbrand*`},
		{name: "household", weight: 2.2, says: "collects leads for house, car or insurance offers", phrases: `
en: gutter* | gutter guard* | gutter protection | leaf filter | leaffilter | leafguard | roofing | roof replacement | new roof |
	roof quote* | solar panel* | solar program | solar incentive* | go solar | walk in tub* | walk in shower* | walk in bath* |
	bath remodel* | bathroom remodel* | kitchen remodel* | replacement window* | window replacement | new windows | window quotes |
	home warrant* | auto warrant* | car warrant* | vehicle warranty | extended warranty | vehicle service contract | vehicle protection |
	repair bills | car insurance | auto insurance | life insurance | burial insurance | final expense | funeral | term life |
	medicare advantage | part b | insurance quote* | insurance rates | insurance plan* | save on .. insurance | free quote* |
	compare quotes | compare rates | home security | security system | stairlift* | stair lift* | mobility scooter* | timeshare* |
	pest control | termite* | hvac | air conditioning | water damage | lawn care | tree service | flooring | concrete coating |
	garage door* | life alert | medical alert | medical guardian | reverse mortgage | roundup | camp lejeune | mass tort |
	compensation claim | you may qualify | you may be eligible | see if you qualify | check .. eligibility | see if you re eligible |
	car emergency kit | emergency car kit | shed plan* | woodworking plan* | vinyl siding | satellite tv | cable tv | directv |
	dish network | cable .. descrambler | cell phone .. free | free .. laptop | free .. notebook
pt: plano de saude | planos de saude | planos amil | amil | hapvida | notredame | notre dame intermedica | unimed | bradesco saude |
	sulamerica | convenios | corretora | cotacao | cotacoes | cote online | cotar | tabela promocional | carencia zero | seguro auto |
	protecao veicular | tabela de precos | energia solar | consorcio
es: seguro de coche | seguro de auto | seguro medico | seguro de vida | seguro de salud | paneles solares | cotizacion | comparador
de: solaranlage* | photovoltaik | treppenlift* | versicherung* .. vergleich* | zahnzusatzversicherung | hausnotruf | warmepumpe* |
	horgerat* | jetzt vergleichen | private krankenversicherung | immobilienbewertung | sterbegeld*
fr: panneaux solaires | panneau solaire | pompe a chaleur | monte escalier* | assurance auto | assurance vie | assurance sante |
	mutuelle sante | devis gratuit | comparateur | comparez | defiscalis* | subvention*
it: pannelli solari | fotovoltaic* | montascale | assicurazione auto | preventivo gratuito | apparecchi acustici
nl: zonnepanelen | traplift* | warmtepomp* | zorgverzekering | autoverzekering | vrijblijvend* | offerte* | hoortoestel* | isolatie`},
		{name: "cold-sale", weight: 2.0, says: "is unasked advertising for web or mailing services", phrases: `
en: seo services | search engine optim* | search engine rank* | search engines | first page of google | page 1 of google |
	page one of google | google ranking* | rank* on google | top of google | website traffic | more traffic | web traffic |
	targeted traffic | web design* | custom website* | custom web site* | website design* | website redesign* | redesign your website |
	mobile app develop* | app development | backlink* | guest post* | link building | your website | visited your website |
	came across your website | i was on your website | increase .. sales | generate .. leads | qualified leads | lead generation |
	email address* .. million | million emails | million email* | bulk email* | bulk mail | bulk friendly | email marketing |
	email advertis* | mass mail* | opt in list* | fresh leads | business leads | marketing database | attendee* list | attendees list |
	decision maker* | our manufacturer | we are a manufacturer | manufacturer of | professional manufacturer | our factory |
	look forward to cooperat* | factory price | our products | best price* | quote .. asap | cpanel | rdp | spamming tools | webmails |
	scampage* | fullz | carding | money back guarantee | university diploma* | diploma* | degree* .. university | bachelors |
	masters or doctorate | no required tests | non accredited | fake id | passports | domain registration | trademark .. registration |
	web hosting | host* your | million .. addresses | proxy list | toner | printer cartridge* | ink cartridge* | submit your paper |
	journal invit*
pt: listas de email* | mala direta | divulgacao | divulgue | e mails marketing | email marketing | criacao de sites | trafego
es: posicionamiento web | diseno web | base de datos | bases de datos | marketing por email | publicidad
de: suchmaschinen* | webdesign | adressdatenbank
fr: referencement | creation de site* | base de donnees | emailing
it: posizionamento | siti web
ru: рассылк* | реклам* | семинар* | таможен*
zh: 发票 | 代开 | 培训 | 公司`},
		{name: "list-removal", weight: 1.2, says: "carries the removal wording of mass mail", phrases: `
en: click here to remove yourself | remove yourself from | to be removed | be removed from | removed from our | removal instructions |
	remove me | remove in the subject | remove in subject | to remove your | no longer wish to receive .. offers | opt out here |
	opt out of future | to opt out | stop receiving .. offers | do not want to receive .. offers | this is not spam | not spam |
	this is not unsolicited | unsolicited commercial | one time mailing | one time message | one time email | bill s 1618 | s 1618 |
	title iii | section 301 | anti spam law* | never sent unsolicited | we honor all removal | removal requests | discontinue .. mailings |
	future promotions | our mailing database | you have opted in | you opted in | affiliate* .. partner | advertiser .. mail |
	sent by a third party | third party advertis* | this is an advertisement | adv | move it to your inbox | move to your inbox |
	move .. inbox .. link | if the link .. not work | if you can t see .. image | can t see image* | if you cannot see |
	images .. not .. displayed | having trouble viewing | to view this message .. click | p o box .. las vegas
pt: para remover | nao deseja mais receber | nao deseja receber | caso nao queira
es: para ser removido | darse de baja
de: um sich abzumelden | e mail abzubestellen | verschieben sie ihn | verschieben sie .. posteingang | nicht mehr erhalten
fr: vous desabonner .. | se desinscrire ici | ne plus recevoir
it: per cancellarti | non desideri piu
nl: afmelden klik | uitschrijven klik`},
		{name: "call-to-action", weight: 0.4, says: "pushes the reader to follow a link", phrases: `
en: click here | click below | click the button | click the link | click on the link | click now | follow the link | visit the link |
	tap here | press here | start here | start now | get started now | get it now | get yours now | order now | order today | buy now |
	shop now | apply now | claim now | confirm now | register now | join now | participate now | see more here | learn more here |
	watch now | watch video | watch the video | see here | go here | enter here | proceed here | start survey
pt: clique aqui | clique no botao | clique no link | clique abaixo | acesse agora | acesse aqui | saiba mais aqui | acessar
es: haga clic | haz clic | clic aqui | pulse aqui | pincha aqui | ingrese aqui
de: hier klicken | klicken sie hier | klicken sie auf | klick hier | jetzt klicken | zur umfrage | umfrage starten | jetzt starten | jetzt sichern
fr: cliquez ici | cliquer ici | cliquez sur | en cliquant ici | je participe | j en profite | je verifie | commencer
it: clicca qui | clicca sul | clicca su | fai clic | cliccare qui | vai al
nl: klik hier | klik op | via onderstaande | hier klikken
ru: нажмите | перейдите по ссылке
ja: こちら | クリック
zh: 点击 | 请点`},
		{name: "antivirus", weight: 2.2, says: "frightens with a virus or an expiring protection", phrases: `
en: virus detected | detected virus* | viruses detected | viruses found | virus found | your pc is infected | device is infected |
	computer .. infected | antivirus .. expired | antivirus .. expire* | antivirus protection | norton .. expired | norton .. renew* |
	mcafee .. expired | mcafee .. renew* | your protection .. expired | your device .. risk | your computer .. risk | scan now |
	remove viruses | geek squad | renew now | renewal of your .. protection
pt: virus detectado* | antivirus .. expir*
es: virus detectado* | antivirus .. caduc*
de: viren gefunden | virenschutz | antivirus .. abgelaufen | virenscan*
fr: virus detecte* | antivirus .. expire*
it: virus rilevat* | antivirus .. scadut*
nl: virus gevonden | virussen | antivirus .. verlopen`},
	}
}
