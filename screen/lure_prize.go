package screen

// Lures that promise money, prizes or coins.
func prizeLures() []lure {
	return []lure{
		{name: "prize", weight: 2.6, says: "speaks of a prize, a gift or a reward", phrases: `
en: you have won | you ve won | you won | has won | been selected to | been chosen to | you have been selected | you ve been selected |
	you were selected | selected winner | lucky winner | our winner | you are the winner | you are a winner | are a winner |
	congratulations you | winner notification | winning notification | claim your prize | claim your reward | claim your gift |
	claim your free | claim your bonus | claim now | claim your complimentary | exclusive reward | reward offer | your reward |
	rewards have arrived | reward has arrived | reward points expir* | your prize | grand prize | cash prize | free gift | gift card |
	giftcard | e gift | mystery box | loot box | receive your gift | short survey | quick survey | brief survey | survey about |
	second survey | 30 second survey | marketing survey | participate in .. survey | loyalty program | loyalty reward* |
	exclusive offer reward | lottery | lotto | email ballot | sweepstakes | jackpot | promo draw | lucky draw | giveaway |
	customer appreciation | special giveaway | free trial gift | free iphone | brand new iphone | free sample* | your chance to receive |
	chance to win | win a free | tool set | stanley tool | stanley cup | cookware set | air fryer | survival kit | emergency kit |
	confirm your delivery .. gift | you are eligible | unclaimed reward | unclaimed prize | 1 unclaimed | confirm here | oral b
pt: voce ganhou | voce foi selecionad* | foi selecionad* | foi contemplad* | voce e o ganhador | parabens voce | premio |
	resgate seus pontos | resgate agora | resgatar agora | resgate seu | resgate dos | pontos .. expira* | pontos livelo | seus pontos |
	pontos acumulados | pontos disponiveis | brinde | sorteio | cartao presente | vale presente | pesquisa rapida | cupom |
	saldo disponivel | valores a receber | valor disponivel | valores disponiveis | cashback
es: has ganado | ha ganado | usted ha sido seleccionad* | has sido seleccionad* | fue seleccionad* | felicidades | felicitaciones |
	enhorabuena | premio | ganador* | tarjeta regalo | tarjeta de regalo | reclame su | reclama tu | reclamar premio | sorteo | encuesta |
	loteria | recompensa | puntos .. caduc* | canjear | canjee | regalo gratis | sus puntos | tus puntos
de: sie haben gewonnen | du hast gewonnen | gewonnen | gewinner | unser gewinner | gewinnspiel | gewinnchance | gewinnen sie |
	zu gewinnen | herzlichen gluckwunsch | gluckwunsch | sie wurden ausgewahlt | du wurdest .. ausgewahlt | wurden sie ausgewahlt |
	wurden ausgewahlt | auserwahlt* | finalist* | gutschein | geschenkkarte | gratis geschenk | ihr geschenk | pramie | belohnung |
	umfrage | fragen beantworten | beantworten sie | verlosung | lotterie | jetzt teilnehmen | teilnahme bestatigen |
	kostenlos teilnehmen | ihre chance | anspruch | probierpaket | mystery box | werkzeugset | werkzeug set | gewinndaten |
	punkte .. verfallen
fr: vous avez gagne | vous avez ete selectionne | vous avez ete choisi | vous etes l heureux | felicitations | gagnant | gagner un |
	a gagner | carte cadeau | bon d achat | recompense | cadeau* | sondage | enquete | reclamer | reclamez | loterie | tirage au sort |
	concours | tentez votre chance | participer a l enquete | repondez | points .. expir* | programme de fidelite | prix fantastique |
	surprise pour
it: hai vinto | ha vinto | sei stato selezionat* | sei il vincitore | congratulazioni | complimenti hai | vincitore | buono regalo |
	carta regalo | premio | ricompensa | sondaggio | lotteria | richiedi il | riscatta | estrazione | punti .. scad* | concorso | regalo
nl: u heeft gewonnen | je hebt gewonnen | gewonnen | u bent geselecteerd | je bent geselecteerd | gefeliciteerd | proficiat | winnaar |
	cadeaukaart | cadeaubon | waardebon | prijs | enquete | loterij | beloning | claim je | claim uw | kans maken | maak kans | winactie |
	punten .. verlopen
pl: wygrales | gratulacje | nagrod*
ru: вы выиграли | поздравляем
ja: 当選 | おめでとう | プレゼント | ポイント | 当せん | ギフト券
zh: 恭喜 | 中奖 | 奖品`},
		{name: "crypto", weight: 1.5, says: "speaks of crypto-coins", phrases: `
en: bitcoin* | btc | ethereum | cryptocurrenc* | crypto wallet* | crypto holders | crypto users | crypto enthusiasts | crypto community |
	crypto portfolio | crypto account | blockchain | xrp | xlm | ripplenet | usdt | usdc | busd | tether | bnb | binance | coinbase |
	metamask | trust wallet | trustwallet | trezor | ledger live | ledger nano | ledger wallet | hardware wallet | uniswap | pancakeswap |
	sushiswap | opensea | nft | nfts | defi | web3 | arbitrum | solana | dogecoin | shiba | polygon matic | cardano | tron | kraken |
	kucoin | crypto com | blockchain com | erc20 | ton coin | toncoin | memecoin | celsius network | ftx | blockfi | ordinals | layerzero |
	zksync | starknet | phantom wallet | exodus wallet | atomic wallet | aptos | pudgy penguins | bored ape | pepe | floki | elon musk
de: kryptowahrung* | krypto
pt: criptomoeda* | cripto
es: criptomoneda* | criptodivisa*
fr: cryptomonnaie* | crypto monnaie*
it: criptovalut*
nl: cryptovaluta | cryptomunt*
ru: криптовалют* | биткоин*
ja: 仮想通貨 | 暗号資産 | ビットコイン
zh: 比特币 | 加密货币 | 虚拟货币`},
		{name: "crypto-lure", weight: 4.2, says: "promises or threatens crypto-coins", phrases: `
en: airdrop* | claim .. tokens | claim .. token | claim .. airdrop | claim .. xrp | claim .. eth | claim .. btc | claim .. nft |
	claim .. nfts | claim .. usdt | claim .. usdc | claim .. allocation | free tokens | free nft* | free crypto | free mint |
	token allocation | allocation event | allocation program | allocation tool | xrp allocation | community distribution |
	distribution program | reward program | rewards program .. token* | governance tokens | staking | stake your | accelerator program |
	connect your wallet | connect wallet | connecting your wallet | link your wallet | validate .. wallet | verify .. wallet |
	sync .. wallet | synchroniz* .. wallet | upgrade .. wallet | update .. wallet | merge .. wallet | wallet .. suspend* |
	wallet .. blocked | wallet .. restricted | wallet .. disabled | wallet .. deactivated | wallet .. verified | wallet .. merge |
	wallet .. not .. verified | restore your wallet | recover .. wallet | secret recovery | recovery phrase | seed phrase | private key* |
	secret phrase | 12 words | 24 words | migrate .. tokens | token migration | double your | x2 your | send back double | exclusive mint |
	mint your | presale | pre sale .. token | initial coin | deposited .. btc | deposited .. bitcoin | funded .. btc | bitcoin portfolio |
	btc portfolio | bitcoin account | bitcoin wallet | bitcoin deposit | bitcoin details | your portfolio .. btc | withdraw .. btc |
	withdraw .. bitcoin | withdrawal .. ready | btc mining | bitcoin mining | cloud mining | mining account | bitcoin trader |
	bitcoin trading | trading bot | crypto trading | crypto investment | bitcoin investment | passive income | guaranteed returns |
	bitcoin millionaire | bitcoin balance | your crypto assets | your cryptocurrenc* assets .. risk | loss of .. assets | lose .. assets |
	protect .. assets | cashback .. usdt | cashback .. usdc | usdc cashback | usdt cashback | loot box | eligible wallets |
	eligible addresses | dapp | gas fee* | genesis nft | stealth drop | stealth airdrop | token airdrop | crypto airdrop | claim your $ |
	claim your share | receive your tokens | exclusive nft* | your nft* | claim .. reward | claim your reward | early badge |
	badge holders | nft drop | nft voucher | nft collection | faucet | bonus btc | case number .. celsius | your claim .. withdrawal
pt: ganhe bitcoin | carteira .. bitcoin | conecte sua carteira | frase de recuperacao | mineracao de bitcoin | investimento .. bitcoin |
	investir em bitcoin
es: gana bitcoin | conecta tu billetera | billetera .. | conecte su billetera | frase semilla | frase de recuperacion |
	mineria de bitcoin | invertir en bitcoin
de: wallet .. verbinden | wallet .. bestatigen | wallet .. verifizieren | wallet .. gesperrt | wiederherstellungsphrase |
	bitcoin millionar | bitcoin trader | bitcoin handel | bitcoin code | bitcoin era | krypto handel | kostenlose token* |
	in bitcoin investieren
fr: connecter votre portefeuille | connectez votre portefeuille | phrase de recuperation | phrase secrete | reclamez vos jetons |
	investir dans le bitcoin | portefeuille .. suspendu | bitcoin .. millionnaire
it: collega il tuo wallet | collega il portafoglio | frase di recupero | frase segreta | investire in bitcoin | wallet .. sospeso
nl: verbind je wallet | koppel je wallet | herstelzin | investeren in bitcoin | wallet .. verifieren | wallet .. opgeschort
ja: ウォレット | エアドロップ
zh: 空投 | 钱包`},
		{name: "advance-fee", weight: 2.4, says: "offers a stranger's money", phrases: `
en: million dollars | million us dollars | million united states dollars | million usd | us dollars only | million pounds | million euro* |
	sum of us | sum of usd | sum of | next of kin | beneficiary | inheritance | deceased client | late client | late husband | my late |
	died without | unclaimed fund* | unclaimed sum | fund transfer | transfer of funds | transfer this fund | transfer the fund* |
	transferring .. funds | release of your fund* | your fund* .. released | your compensation | compensation fund | compensation payment |
	atm card | atm master card | atm visa card | consignment | trunk box* | diplomat* | diplomatic agent | foreign partner |
	business proposal | business proposition | investment proposal | mutual benefit | mutually beneficial | mutually rewarding |
	confidential business | strictly confidential | utmost confidential* | this transaction | this transfer | donate* .. charity |
	charity work | donation .. you | donation to you | orphanage | widow | god bless you | in good faith | barrister | united nations |
	foreign operation | foreign remittance | 100 risk free | risk free transaction | percentage of the total | 40 of the |
	for your assistance | your urgent response | your full name | full names | contact me .. private email | my private email |
	reply .. private | private email | get back to me | i crave your | seek your consent | seeking your assistance |
	seek your partnership | gold bars | ivory coast | burkina faso | nigeria | abidjan | lome togo | benin republic | us army |
	general .. army | loan offer | i am contacting you | contacting you in | trust* person | god fearing | reliable person
pt: milhoes de dolares | parente mais proximo | falecido marido | meu falecido | heranca | beneficiario | doar | doacao |
	fundo* .. transfer* | orfanato | viuva | confianca em deus | cartao atm | cancer
es: millones de dolares | pariente mas cercano | mi difunto | difunto esposo | herencia | beneficiario | fondos .. transfer* | donacion |
	huerfanos | viuda | propuesta de negocio* | propuesta comercial
de: millionen dollar | millionen euro | nachster angehoriger | verstorben* | erbschaft | nachlass | begunstigter | spende .. |
	geschaftsvorschlag | vertraulich* .. | kreditangebot | darlehen
fr: millions de dollars | millions d euros | mon defunt | defunt mari | beneficiaire | orphelin* | proposition d affaires | don .. euros |
	offre de pret | pret entre particulier* | veuve | heritier
it: milioni di dollari | milioni di euro | mio defunto | eredita | beneficiario | proposta di affari | donazione | orfan* | vedova | prestito tra
nl: miljoen dollar | miljoen euro | nabestaande | overleden* | erfenis | begunstigde | zakelijk voorstel | donatie | lening aanbod
ru: миллион* долларов | наследство
zh: 百万美元 | 遗产`},
		{name: "casino", weight: 3.0, says: "advertises gambling", phrases: `
en: casino* | free spins | slot machine* | poker | blackjack | roulette | betting bonus | sportsbook | deposit bonus | welcome bonus |
	no deposit | bonus .. spins | vip platinum | vip rank | free chips | gambling | play now and win
pt: cassino | apostas | rodadas gratis | giros gratis
es: casino online | tiradas gratis | giros gratis | apuestas | bono de bienvenida
de: freispiele | spielautomat* | willkommensbonus | einzahlungsbonus | online casino | bonus .. fs
fr: tours gratuits | machines a sous | bonus de bienvenue | casino en ligne | paris sportifs
it: giri gratis | bonus di benvenuto | scommesse
nl: gratis spins | gokkast* | welkomstbonus | online casino`},
		{name: "easy-money", weight: 1.8, says: "promises easy income", phrases: `
en: work from home | work at home | home based business | home business | make money | make .. money online | earn money |
	earn .. per day | earn .. per week | earn .. per month | extra income | extra cash | second income | residual income | passive income |
	financial freedom | financial independence | be your own boss | get rich | become a millionaire | making millions | cash machine |
	money making | unlimited income | income opportunity | business opportunity | no experience needed | no experience required |
	multi level | network marketing | mlm | downline | pyramid | chain letter | envelope stuffing | stay at home | from the comfort of |
	quit your job | fire your boss | bulk email | five reports | report 1 | legally .. money | $ per hour | part time job |
	payment processing agent | money transfer agent | transfer manager
pt: renda extra | trabalhe em casa | ganhe dinheiro | ganhar dinheiro | independencia financeira | fique rico
es: trabaja desde casa | trabaje desde casa | ganar dinero | gana dinero | ingresos extra | libertad financiera | hazte rico
de: von zu hause | geld verdienen | nebenverdienst | passives einkommen | finanzielle freiheit | reich werden | reich zu werden |
	heimarbeit | verdienen sie
fr: gagner de l argent | travail a domicile | revenu* complementaire* | liberte financiere | gagnez | devenir riche
it: guadagna* da casa | lavora da casa | guadagnare | soldi facili | liberta finanziaria | reddito passivo
nl: geld verdienen | thuiswerk | extra inkomsten | financiele vrijheid | passief inkomen`},
		{name: "stock", weight: 2.2, says: "recommends a stock", phrases: `
en: target price | price target | current price | recent price | projected price | 5 day target | day price | strong buy | stock alert |
	stock pick* | hot stock | penny stock* | otcbb | pink sheets | stock symbol | trading symbol | ticker | stock profile |
	investor alert | breakout | undervalued | huge pr | pr campaign | forward looking statements | section 27a | securities act |
	shares outstanding | shares out | issued and outstanding | watch this stock | watch .. trade | this stock | stock .. radar |
	stock report | newsletter .. compensated | wall street | investment advice | market alert | microcap | small cap
de: aktie* .. kaufen | kursziel | wkn | kaufempfehlung
fr: opportunites d investissement | conseil en investissement | meilleures opportunites
pt: acoes .. comprar | oportunidade de investimento
es: oportunidad de inversion | invertir en acciones | acciones de
it: opportunita di investimento | investire in azioni
nl: aandelen .. kopen | beleggingskans`},
		{name: "loan", weight: 1.8, says: "offers a loan or to settle debts", phrases: `
en: mortgage* | refinanc* | home loan* | home equity | lower your payment* | low rates | lowest rate* | interest rate* as low |
	fixed rate | bad credit | credit score | credit repair | repair your credit | no credit check | pre approved | preapproved |
	approved for | loan approv* | personal loan* | payday loan* | cash advance | business loan* | business funding | working capital |
	consolidat* .. debt* | debt consolidation | debt relief | debt free | get out of debt | eliminate .. debt | reduce .. debt | tax debt |
	tax relief | judgement* | judicial judgments | cash out | student loan* | loan forgiveness | merchant cash | line of credit
pt: emprestimo* | credito aprovado | credito consignado | consignado | limite .. aprovado | limites disponiveis | limpe seu nome |
	cartao .. aprovado | cartao de credito | financiamento
es: prestamo* | credito aprobado | tarjeta de credito | hipoteca
de: kredit* | sofortkredit | darlehen | umschuldung | ohne schufa | kreditkarte .. ohne | finanzierung
fr: pret personnel | credit immobilier | rachat de credit* | taux .. bas | offre de credit | mutuelle*
it: prestito | prestiti | mutuo | finanziamento* | cessione del quinto
nl: lening | hypotheek | krediet | schulden`},
	}
}
