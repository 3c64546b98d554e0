package screen

// Lures that want a password, a payment or an answer to a false notice.
func accountLures() []lure {
	return []lure{
		{name: "account-threat", weight: 2.0, says: "says an account is blocked, limited or in danger", phrases: `
en: account .. suspend* | account .. locked | account .. blocked | account .. limited | account .. restricted | account .. deactivated |
	account .. disabled | account .. closed | account .. terminated | account .. on hold | suspend* your account | limited your account |
	restricted your account | deactivate your account | close your account permanently | access .. suspended | access .. restricted |
	access .. blocked | temporarily suspended | temporarily blocked | temporarily locked | permanently closed | permanently suspended |
	permanent account closure | unusual activity | unusual sign in | unusual signin | unusual login | suspicious activity |
	suspicious login | suspicious sign in | unauthorized access | unauthorised access | unauthorized login | unauthorized transaction* |
	avoid .. suspension | prevent .. suspension | avoid .. deactivation | avoid termination | your online banking .. suspended |
	account suspension | account termination | account closure | security breach | recent breach | been compromised | loss of access |
	regain access | restore access | restore your account | unlock your account | account unverified | not yet been verified |
	not yet verified | unverified accounts | missing some info* | someone .. your password | sign in attempt | login attempt |
	new device .. account
pt: conta .. bloquead* | conta .. suspens* | conta .. cancelad* | conta .. desativad* | conta .. restrit* | conta .. inativ* |
	desbloque* sua conta | desbloqueie | acesso .. bloqueado | acesso .. suspenso | foi bloqueado | foi suspenso | foi suspensa |
	reativ* sua conta | processo de reativacao | por razoes de seguranca | atividade suspeita | atividade incomum | transacao suspeita |
	acesso a sua conta | novo dispositivo | cartao .. bloqueado | evite o bloqueio | evite o cancelamento | evitar bloqueio |
	sera bloquead* | sera cancelad* | chave de seguranca .. expir* | dispositivo .. nao autorizado | itoken | modulo de protecao
es: cuenta .. bloquead* | cuenta .. suspendid* | cuenta .. limitad* | cuenta .. restringid* | cuenta .. desactivad* | su cuenta sera |
	suspension de su cuenta | actividad inusual | actividad sospechosa | acceso no autorizado | inicio de sesion .. inusual |
	evitar la suspension | evite la suspension | reactivar su cuenta | desbloquear su cuenta | tarjeta .. bloqueada | nuevo dispositivo |
	por motivos de seguridad
de: konto .. gesperrt | konto .. eingeschrankt | konto .. deaktiviert | konto .. blockiert | ihr konto wird | kontosperrung |
	sperrung ihres | zugang .. gesperrt | karte .. gesperrt | ungewohnliche aktivitat* | verdachtige aktivitat* | ungewohnliche anmeldung |
	ungewohnlicher anmeldeversuch | unbefugter zugriff | unberechtigte* zugriff | vorubergehend eingeschrankt | vorubergehend gesperrt |
	konto wiederherstellen | konto reaktivieren | zugang wiederherstellen | aus sicherheitsgrunden | sicherheitsverfahren |
	pushtan .. ablauf* | photo tan | phototan | neues gerat
fr: compte .. suspendu | compte .. bloque | compte .. limite | compte .. restreint | compte .. desactive | suspension de votre compte |
	votre compte sera | activite inhabituelle | activite suspecte | connexion inhabituelle* | connexion suspecte |
	activites de connexion inhabituelles | acces non autorise | carte .. bloquee | carte .. suspendue | reactiver votre compte |
	debloquer votre compte | raisons de securite | nouvel appareil | eviter la suspension
it: conto .. sospeso | conto .. bloccato | conto .. limitato | account .. sospeso | account .. bloccato | account .. disattivato |
	sospensione del | attivita insolita | attivita sospett* | accesso non autorizzato | accesso anomalo | carta .. bloccata |
	carta .. sospesa | riattivare il | sbloccare il | motivi di sicurezza | nuovo dispositivo | utenza .. sospesa |
	evitare la sospensione | evitare il blocco
nl: rekening .. geblokkeerd | account .. geblokkeerd | account .. opgeschort | account .. beperkt | account .. gedeactiveerd |
	rekening .. beperkt | ongebruikelijke activiteit | verdachte activiteit* | ongebruikelijke aanmeld* | pas .. geblokkeerd |
	bankpas .. verloop* | om veiligheidsredenen | veiligheidsredenen | nieuw apparaat | blokkering
pl: konto .. zablokowane | konto .. zawieszone | podejrzana aktywnosc
ru: аккаунт .. заблокирован | подозрительн* активност*
ja: アカウント .. 制限 | 利用制限 | 一時停止 | 不正利用 | 不正アクセス | 異常なログイン | ご利用を制限 | 停止させていただ | 本人確認
zh: 账户 .. 冻结 | 账号异常 | 帐户被 | 异常登录`},
		{name: "credential", weight: 1.5, says: "asks the reader to confirm an account, a password or an identity", phrases: `
en: verify your account | verify your identity | verify your info* | verify your wallet | verify your trust | verify .. account |
	verify .. now | confirm your account | confirm your identity | confirm your information | confirm your details |
	confirm your account details | confirm .. ownership | update your account | update your information | update your details |
	update your records | update payment details | update billing information | validate your account | validate your email |
	validate .. mailbox | re validate | revalidate | reactivate your account | account verification | identity verification |
	verification required | security verification | complete .. verification | log in to your account | login to your account |
	sign in to your account | login here | log in here | login to review | review your account | review activity | review recent activity |
	secure your account | protect your account | check activity | keep current password | keep same password | keep my password |
	reset your password immediately | social security number | your online access | online banking access | online banking account |
	your credentials | login details | account details below | user agreement
pt: verifique sua conta | verificar sua conta | confirme seus dados | confirmar seus dados | confirme sua identidade |
	atualize seus dados | atualizar seus dados | atualizacao cadastral | atualize seu cadastro | atualizacao de cadastro |
	recadastramento | regularize | regularizar | regularizacao | valide seus dados | validar seus dados | acesse sua conta |
	confirmar acesso | sincroniz* .. token | nao fui eu | atualizar cadastro
es: verifique su cuenta | verificar su cuenta | verifica tu cuenta | confirme sus datos | confirmar sus datos | confirme su identidad |
	confirmar su identidad | actualice sus datos | actualizar sus datos | actualice su informacion | valide su cuenta | validar su cuenta |
	iniciar sesion aqui | acceda a su cuenta | verificacion de cuenta | verificar su identidad
de: konto bestatigen | konto zu bestatigen | konto verifizieren | bestatigen sie ihr konto | bestatigen sie ihre daten |
	bestatigen sie ihre identitat | verifizieren sie | identitat bestatigen | identitat zu bestatigen | daten bestatigen |
	daten aktualisieren | daten zu aktualisieren | aktualisieren sie ihre | uberprufen sie ihr konto | uberprufung ihres kontos |
	kundendaten .. bestatig* | kundendaten .. aktualisier* | legitimation | datenabgleich | zum kundenportal | jetzt verifizieren |
	jetzt bestatigen | jetzt aktualisieren | jetzt einloggen | anmeldedaten
fr: verifier votre compte | verifiez votre compte | confirmer votre compte | confirmez votre compte | confirmer vos informations |
	confirmez vos informations | confirmer votre identite | confirmez votre identite | mettre a jour vos informations |
	mettez a jour vos informations | mettre a jour votre compte | mise a jour de vos informations | mise a jour de votre dossier |
	valider votre compte | validez votre compte | connectez vous a votre compte | acceder a votre espace | acceder a mon compte |
	vos coordonnees bancaires | verifier mon compte | authentification forte | securipass | certicode
it: verifica il tuo account | verificare il tuo account | verifica la tua identita | confermare i tuoi dati | conferma i tuoi dati |
	confermare la sua identita | aggiorna i tuoi dati | aggiornare i tuoi dati | aggiornare i suoi dati | verificare i suoi dati |
	accedi al tuo account | accedi al tuo conto | convalida* | verifica dei dati | verifica conto | area clienti | accedi ora
nl: verifieer uw | verifieer je | bevestig uw gegevens | bevestig uw identiteit | bevestig je gegevens | controleer uw gegevens |
	werk uw gegevens bij | gegevens bijwerken | gegevens te bevestigen | gegevens te controleren | update uw gegevens |
	identiteit bevestigen | log in op uw | account verifieren | account bevestigen | nu verifieren
pl: zweryfikuj swoje konto | potwierdz swoje dane
ja: ログインして | アカウント情報 | 情報を更新 | 認証手続き | お支払い方法の更新 | カード情報
zh: 验证您的 | 确认您的 | 更新您的`},
		{name: "mailbox", weight: 3.0, says: "speaks as the reader's own mail system", phrases: `
en: mailbox .. full | mailbox .. quota | mailbox .. exceeded | mailbox .. storage | mailbox .. upgrade | mailbox .. suspended |
	mailbox .. expir* | mailbox .. limit | quota exceeded | exceeded .. quota | storage .. full | storage .. exceeded | storage limit |
	out of storage | email storage | inbox .. full | webmail user | webmail administrator | webmail account | webmail service |
	dear webmail | email administrator | mail administrator | email server administrator | mail server administrator | it helpdesk |
	it help desk | help desk team | email account .. closed | email account .. upgrade | email account .. deactivat* |
	email account .. suspend* | password .. expire* | password .. expiring | password expiration | password expiry | password .. expired |
	pending messages | undelivered messages | undelivered mails | incoming messages .. pending | incoming mails | messages .. on hold |
	messages are pending | emails on hold | held messages | quarantined messages | failed to sync | sync error | release messages |
	retrieve messages | recover messages | failure to verify | failure to comply | failure to confirm | failure to update |
	failure to upgrade | email deactivation | deactivation request | upgrade your mailbox | upgrade your email | increase .. storage |
	cloud storage .. full | icloud storage | photos .. deleted | videos .. deleted | cpanel | roundcube | zimbra
pt: caixa de correio .. cheia | caixa de entrada .. cheia | cota .. excedid* | armazenamento .. cheio | armazenamento .. esgotado |
	senha .. expir* | conta de e mail | administrador de e mail | mensagens pendentes | mensagens retidas
es: buzon .. lleno | buzon .. limite | cuota .. superad* | almacenamiento .. lleno | contrasena .. caduc* | contrasena .. expir* |
	administrador de correo | mensajes pendientes | correo .. suspendid* | cuenta de correo
de: postfach .. voll | postfach .. limit | speicher .. voll | speicherplatz .. voll | speicherlimit | gesamte speicher |
	kennwort .. lauft | passwort .. lauft | passwort .. abgelaufen | kennwort .. abgelaufen | ausstehende nachrichten |
	nicht zugestellte nachrichten | mail administrator | e mail konto .. gesperrt
fr: boite .. pleine | boite mail .. satur* | messagerie .. pleine | quota .. depasse | espace de stockage .. plein | stockage .. plein |
	mot de passe .. expire* | messages en attente | messages non distribues | administrateur de messagerie | compte de messagerie |
	boite aux lettres .. limite
it: casella .. piena | casella di posta .. | spazio .. esaurito | password .. scad* | messaggi in sospeso | messaggi in attesa |
	quota .. superat* | amministratore di posta
nl: mailbox .. vol | postvak .. vol | opslag .. vol | opslagruimte .. vol | wachtwoord .. verloopt | wachtwoord .. verlopen |
	berichten in behandeling | openstaande berichten
pl: skrzynk* .. pelna | haslo .. wygas*
ja: メールボックス .. 容量 | 容量が | パスワードの有効期限 | メールアカウント
zh: 邮箱 .. 升级 | 邮箱容量 | 邮箱 .. 停用 | 密码 .. 过期`},
		{name: "document", weight: 1.4, says: "offers a document, fax or voice message behind a link", phrases: `
en: shared a document | shared .. document with you | shared a file | shared .. file with you | document .. shared with you |
	view document | view shared | review document | review and sign | sign document | document .. signature | docusign | secure document |
	secure message | important document | open document | download document | download attachment | voice message from | new voicemail |
	voicemail received | you have a voicemail | missed call from | listen to voicemail | play voicemail | new voice message | new fax |
	fax document | received a fax | scanned document | payment advice | remittance advice | swift copy | proof of payment | payment slip |
	purchase order attached | new order attached | see attached invoice | find attached invoice | your documents are ready |
	statement is ready | form sent
pt: documento disponivel | assinatura pendente | assinar documento | visualizar documento | visualizar pdf | baixar documento |
	comprovante .. anexo | termo de conhecimento | clique para visualizar | intimacao | notificacao extrajudicial | processo judicial |
	mandado
es: documento compartido | ver documento | firmar documento | descargar documento | factura adjunta | adjunto factura | mensaje de voz |
	descargar factura | notificacion judicial | citacion
de: dokument .. freigegeben | dokument ansehen | dokument anzeigen | dokument unterzeichnen | sprachnachricht | neue faxnachricht |
	rechnung im anhang | anbei .. rechnung
fr: document partage | consulter le document | voir le document | signer le document | message vocal | telecharger le document |
	facture en piece jointe | facture ci jointe
it: documento condiviso | visualizza documento | firma il documento | messaggio vocale | scarica la fattura | fattura allegata | scarica documento
nl: document gedeeld | document bekijken | document ondertekenen | voicemailbericht | factuur in bijlage | bekijk document`},
		{name: "payment", weight: 1.2, says: "speaks of a payment, an invoice, a refund or a fine", phrases: `
en: payment failed | payment .. declined | payment was declined | payment .. unsuccessful | payment method .. expired |
	unable to process your payment | problem with your payment | billing problem | billing issue | renew your subscription |
	subscription .. expired | subscription .. expiring | subscription .. renewed | subscription has been renewed | auto renewal |
	auto renew | tax refund | refund .. pending | refund .. approved | eligible for a refund | pending refund | claim your refund |
	claim refund | outstanding invoice | overdue invoice | overdue payment | past due | final notice | unpaid toll | toll .. unpaid |
	w 8ben | hmrc | bank account .. changed | new bank details | changed our bank | updated bank | wire transfer | stimulus | grant funds |
	government grant | unclaimed | customer support number | call us immediately | helpline | toll free | cancel .. subscription .. call |
	if you did not authorize | did not make this | was not you
pt: pagamento recusado | pagamento pendente | pagamento .. nao .. processado | fatura em aberto | fatura .. vencida |
	fatura .. disponivel | debito em aberto | restituicao | reembolso | imposto de renda | receita federal | negativad* | protesto |
	serasa | desconto .. divida | pendencia* | irregularidade*
es: pago rechazado | pago pendiente | reembolso | devolucion de impuestos | factura pendiente | factura vencida | agencia tributaria |
	metodo de pago | suscripcion .. caduc* | suscripcion .. vencid* | deuda
de: zahlung fehlgeschlagen | zahlung .. abgelehnt | zahlung .. nicht | zahlungsproblem | offene rechnung | offener betrag |
	offene forderung | mahnung | ruckerstattung | steuerruckerstattung | erstattung | inkasso | zahlungsmethode | zahlungsdaten |
	abonnement .. abgelaufen | elster | finanzamt
fr: paiement refuse | paiement .. echoue | paiement en attente | remboursement | impots | facture impayee | amende | moyen de paiement |
	abonnement .. expir* | ameli | antai
it: pagamento rifiutato | pagamento non riuscito | rimborso | agenzia delle entrate | fattura .. scadut* | fattura non pagata |
	metodo di pagamento | abbonamento .. scad* | bolletta
nl: betaling mislukt | betaling .. geweigerd | terugbetaling | belastingdienst | openstaande factuur | openstaand bedrag | boete |
	betaalmethode | abonnement .. verlopen | teruggave | incasso | deurwaarder | cjib
ja: 未払い | 返金 | ご請求 | 国税庁 | 税金
zh: 退款 | 付款失败 | 补贴`},
		{name: "parcel", weight: 1.8, says: "speaks of a parcel that waits for the reader", phrases: `
en: package .. pending | package .. on hold | package .. held | package .. waiting | package could not be delivered |
	package .. delivery failed | parcel .. pending | parcel .. on hold | parcel .. waiting | parcel .. held | delivery .. failed |
	delivery attempt | failed delivery | unable to deliver | could not deliver | reschedule .. delivery | schedule your delivery |
	shipping fee | delivery fee | customs fee | customs duty | customs clearance | incomplete address | confirm .. delivery address |
	confirm your address | address .. incorrect | pending delivery | pending package | undelivered package | undeliverable package |
	shipment pending | track your package | usps | dhl | fedex | unclaimed package | confirm delivery | delivery problem
pt: falha na entrega | entrega pendente | entrega .. pendente | encomenda .. retida | encomenda .. pendente | encomenda .. aguardando |
	pacote .. retido | pacote .. pendente | taxa de entrega | taxa .. alfandeg* | taxa de envio | correios | sua encomenda |
	objeto .. tributado | ctt
es: paquete .. pendiente | paquete .. retenido | paquete .. espera | entrega fallida | no .. entregar su paquete | gastos de envio |
	tasas de aduana | aduana* | correos | direccion incompleta
de: paket .. wartet | paket .. zugestellt | paket .. nicht zugestellt | sendung .. wartet | ihre sendung | zustellung fehlgeschlagen |
	zustellung .. nicht moglich | zollgebuhr* | versandkosten .. bezahl* | versandgebuhr* | liefergebuhr | sendungsverfolgung |
	paketzustellung | lieferadresse bestatigen
fr: colis .. en attente | colis .. instance | livraison .. echoue* | livraison en attente | frais de livraison | frais de port .. |
	frais de douane | frais d expedition | chronopost | colissimo | mondial relay | la poste | suivre mon colis | reprogrammer
it: il tuo pacco | suo pacco | pacco .. attesa | pacco .. giacenza | spedizione .. attesa | consegna fallita | consegna non riuscita |
	spese di spedizione | dogana | spese doganali | poste italiane | tracciamento
nl: pakket .. wacht | bezorging mislukt | niet bezorgd | verzendkosten | bezorgkosten | douanekosten | invoerrechten | postnl | track and trace
pl: paczk* .. oczekuje | twoja paczka | przesylk*
ja: 再配達 | 宅配 | 不在
zh: 包裹 | 快递`},
		{name: "extortion", weight: 4, says: "threatens the reader and asks for money", phrases: `
en: recorded you | video of you | footage of you | your webcam | your camera | masturbat* | hacked your | hacked you |
	i have access to your | full access to your | installed .. malware | installed .. trojan | remote access tool | pay me |
	send .. bitcoin | bitcoin wallet address | btc wallet | btc address | all your contacts | 48 hours to pay | 50 hours |
	your device .. infected | your dirty | i know your password | your perversion
pt: gravei voce | hackeei | acesso total ao seu | seus contatos .. video | carteira bitcoin | endereco bitcoin
es: te grabe | te he grabado | hackeado | tu camara | tus contactos .. video | cartera bitcoin | monedero bitcoin | direccion bitcoin
de: ihre webcam | deine webcam | kamera .. aufgenommen | bitcoin adresse | bitcoin wallet | alle ihre kontakte | gehackt |
	zugriff auf ihr gerat | zugriff auf ihre gerate
fr: votre webcam | votre camera | vous filmer | portefeuille bitcoin | adresse bitcoin | tous vos contacts | j ai pirate | pirate votre
it: tua webcam | portafoglio bitcoin | indirizzo bitcoin | tuoi contatti .. video | ho hackerato | hackerato
nl: uw webcam | je webcam | bitcoin adres | bitcoinadres | gehackt | al uw contacten`},
		{name: "urgency", weight: 0.6, says: "presses for haste", phrases: `
en: within 24 hours | within 48 hours | within 12 hours | within 72 hours | next 24 hours | immediate action | immediately to avoid |
	action required | action needed | act now | act fast | act immediately | urgent* | as soon as possible to avoid | last warning |
	final warning | final reminder | last reminder | last chance | will be permanently | will be deleted | will be lost |
	before it s too late | before it is too late | expires today | expire today | ending soon | ends soon | hurry | don t miss |
	limited time | time sensitive | respond immediately | do not ignore | important notice | important notification | security alert |
	security notice | security notification | attention required
pt: urgente | em ate 24 horas | prazo de 24 horas | em ate 48 horas | imediatamente | ultimo aviso | ultimo dia | expira hoje |
	expirando hoje | expiram hoje | vence hoje | somente hoje | acao necessaria | aviso importante | nao perca | evite a perda |
	tempo limitado | ultima chance | agora mesmo
es: urgente | dentro de 24 horas | en las proximas 24 horas | en 48 horas | inmediatamente | de inmediato | ultimo aviso |
	accion requerida | aviso importante | caduca hoy | vence hoy | no te pierdas | tiempo limitado | ultima oportunidad |
	lo antes posible
de: dringend | innerhalb von 24 stunden | innerhalb von 48 stunden | binnen 24 stunden | umgehend | sofortige* | letzte mahnung |
	letzte erinnerung | letzte warnung | handlungsbedarf | wichtige mitteilung | wichtiger hinweis | beeilen sie sich | nur noch heute |
	nur heute | begrenzte zeit | verpassen sie nicht | handeln sie | lauft heute ab | jetzt handeln | warnung
fr: urgent | sous 24 heures | dans les 24 heures | sous 48 heures | sous 24h | sous 48h | immediatement | dernier rappel |
	dernier avertissement | action requise | avis important | depechez vous | expire aujourd hui | ne manquez pas | derniere chance |
	dans les plus brefs delais | duree limitee
it: urgente | entro 24 ore | entro 48 ore | entro le prossime | immediatamente | ultimo avviso | azione richiesta | avviso importante |
	scade oggi | non perdere | ultima possibilita | affrettati | tempo limitato
nl: dringend | binnen 24 uur | binnen 48 uur | onmiddellijk | laatste herinnering | laatste waarschuwing | actie vereist |
	belangrijke mededeling | wees snel | alleen vandaag | mis het niet | laatste kans | zo spoedig mogelijk
ja: 至急 | 緊急 | 24時間以内 | 重要なお知らせ
zh: 紧急 | 立即 | 尽快`},
		{name: "generic-greeting", weight: 0.7, says: "greets nobody by name", phrases: `
en: dear customer | dear valued customer | dear valued client | dear client | dear user | dear member | dear valued member |
	dear subscriber | dear account holder | dear account owner | dear email user | dear email owner | dear owner | dear recipient |
	dear beneficiary | dear friend | dear sir or madam | dear sir madam | dear sir | dear madam | dear beloved | dear winner |
	dear applicant | dear trust wallet | dear wallet | hello dear | dearest one | hello user | attention customer | attn customer |
	dear crypto | dear recipient example net | hello recipient example net | hi recipient example net
pt: prezado cliente | prezado a | prezada cliente | caro cliente | caro usuario | prezado usuario | estimado cliente | ola cliente |
	prezado contribuinte | querido amado | saudacoes
es: estimado cliente | estimada cliente | estimado usuario | querido cliente | apreciado cliente | estimado a cliente
de: sehr geehrter kunde | sehr geehrte kundin | sehr geehrter nutzer | lieber kunde | liebe kundin | guten tag lieber kunde |
	sehr geehrter karteninhaber | sehr geehrte r kund*
fr: cher client | chere cliente | cher utilisateur | cher abonne | madame monsieur cher | cher e client* | bonjour cher client | cher acheteur
it: gentile cliente | caro cliente | gentile utente | egregio cliente | gentile titolare
nl: beste klant | geachte klant | geachte heer mevrouw | beste gebruiker | geachte relatie | geachte gebruiker | geachte kaarthouder
pl: drogi kliencie | szanowny kliencie | drogi uzytkowniku
ru: уважаемый клиент | уважаемый пользователь
ja: 会員様 | ユーザー様
zh: 尊敬的客户 | 尊敬的用户 | 亲爱的用户`},
	}
}
