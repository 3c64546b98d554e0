package screen

import (
	"regexp"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// letters that a practice sends; each must pass, by content alone.
var practiceLetters = []struct{ subject, text string }{
	{"Your appointment on Tuesday 14 March", "Dear Mr Example,\n\nThis is a reminder of your appointment with Dr Patel at Riverside Surgery on Tuesday 14 March at 10:20. Please arrive ten minutes early and bring your insurance card.\n\nIf you cannot come, please cancel or move the appointment here: https://riverside-surgery.example/appointments\n\nKind regards\nRiverside Surgery, 12 Mill Lane"},
	{"Your prescription is ready", "Hello Mrs Example,\n\nYour repeat prescription for metformin and amlodipine has been approved and is ready for collection from tomorrow. If you have questions about diabetes or blood pressure, ask the nurse.\n\nThe Practice Team"},
	{"Please confirm your email address", "Hi Sam,\n\nThanks for registering for the patient portal of Hill Clinic. Please confirm your email address by following this link: https://portal.hillclinic.example/confirm/8f3a\n\nIf you did not register, ignore this email.\n\nHill Clinic"},
	{"Ihr Termin am Dienstag, 14. März", "Sehr geehrte Frau Beispiel,\n\nwir erinnern Sie an Ihren Termin bei Dr. Huber am Dienstag, den 14. März um 10:20 Uhr. Bitte bringen Sie Ihre Versicherungskarte mit.\n\nFalls Sie verhindert sind, sagen Sie bitte spätestens 24 Stunden vorher ab: https://praxis-huber.example/termine\n\nMit freundlichen Grüßen\nIhre Praxis Dr. Huber"},
	{"Ihre Laborwerte", "Guten Tag Herr Beispiel,\n\nIhre Laborergebnisse liegen vor. Blutzucker und Cholesterin sind unauffällig. Bitte vereinbaren Sie einen Termin in unserem Patientenportal https://portal.praxis-huber.example\n\nViele Grüße\nPraxisteam Huber"},
	{"Rappel de votre rendez-vous", "Bonjour Madame Exemple,\n\nNous vous rappelons votre rendez-vous avec le docteur Martin le mardi 14 mars à 10h20. Merci de vous présenter dix minutes avant avec votre carte vitale et votre ordonnance.\n\nPour annuler ou déplacer le rendez-vous : https://cabinet-martin.example/rdv\n\nCordialement,\nLe cabinet du docteur Martin"},
	{"Recordatorio de su cita", "Estimada señora Ejemplo:\n\nLe recordamos su cita con la doctora García el martes 14 de marzo a las 10:20. Por favor, traiga su tarjeta sanitaria y los informes anteriores.\n\nSi no puede acudir, avísenos: https://clinica-garcia.example/citas\n\nUn saludo,\nClínica García"},
	{"Lembrete da sua consulta", "Prezada Senhora Exemplo,\n\nLembramos a sua consulta com o Dr. Silva na terça-feira, 14 de março, às 10h20. Por favor, traga os exames anteriores.\n\nPara cancelar ou remarcar: https://clinica-silva.example/consultas\n\nAtenciosamente,\nClínica Silva"},
	{"Promemoria del suo appuntamento", "Gentile signora Esempio,\n\nle ricordiamo l'appuntamento con il dottor Rossi martedì 14 marzo alle 10:20. La preghiamo di portare la tessera sanitaria.\n\nPer disdire o spostare l'appuntamento: https://studio-rossi.example/appuntamenti\n\nCordiali saluti,\nStudio medico Rossi"},
	{"Herinnering aan uw afspraak", "Geachte mevrouw Voorbeeld,\n\nWij herinneren u aan uw afspraak met dokter De Vries op dinsdag 14 maart om 10:20 uur. Neem uw verzekeringspas mee.\n\nKunt u niet komen? Zeg de afspraak af: https://praktijk-devries.example/afspraken\n\nMet vriendelijke groet,\nHuisartsenpraktijk De Vries"},
}

func TestPracticeLettersPass(t *testing.T) {
	for _, l := range practiceLetters {
		r := Judge(ReadLetter(l.subject, "Health Centre", "mail@health-centre.example", l.text, ""), Context{}, nil)
		if r.Decision != cordon.Pass {
			t.Errorf("%q: %s at %.2f: %v", l.subject, r.Decision, r.Score, r.Reasons)
		}
		if len(r.Reasons) > 0 {
			t.Errorf("%q passes, and yet has reasons", l.subject)
		}
	}
}

// spam of the kinds no training mail shows, written for this test.
var invented = []struct{ subject, from, text string }{
	{"Your wallet will be suspended", "Wallet Support", "Dear customer,\n\nYour wallet has not yet been verified. Verify your wallet within 24 hours and enter your recovery phrase at https://wallet-check.top/login or you will lose your assets."},
	{"You have been selected", "Rewards", "Congratulations! You have won a gift card. Complete our short survey and claim your reward now: https://bit.ly/3zz8xy1"},
	{"Ihr Konto wurde gesperrt", "Sicherheit", "Sehr geehrter Kunde,\n\nwegen ungewöhnlicher Aktivität wurde Ihr Konto vorübergehend gesperrt. Bestätigen Sie Ihre Daten innerhalb von 24 Stunden: https://kunden-pruefung.xyz/login"},
	{"Sua conta foi bloqueada", "Banco", "Prezado cliente,\n\nsua conta foi bloqueada por razões de segurança. Para desbloquear, confirme seus dados agora: https://acesso-conta.online/entrar"},
	{"Votre compte est suspendu", "Service Client", "Cher client,\n\nVotre compte a été suspendu suite à une activité inhabituelle. Confirmez vos informations sous 48 heures : https://espace-verif.top/compte"},
	{"Cheap meds", "Pharmacy", "Buy V1agra and C1alis online, no prescription, overnight shipping. Visit http://pills-4-all.biz/"},
	{"URGENT REPLY", "Mr. John", "Dear friend, I am the next of kin of a deceased client who left the sum of 18.5 million dollars. I seek a foreign partner for a mutually beneficial business proposal. Contact my private email john.x@gmail.com for your full percentage."},
	{"Claim your airdrop", "Token Team", "Connect your wallet to claim your tokens. The airdrop ends soon: https://claim-drop.xyz"},
}

func TestInventedSpamIsHeld(t *testing.T) {
	for _, l := range invented {
		r := Judge(ReadLetter(l.subject, l.from, "mail@sender.example", l.text, ""), Context{}, nil)
		if r.Decision != cordon.Hold {
			t.Errorf("%q: %s at %.2f, lures %v", l.subject, r.Decision, r.Score, r.Concepts)
		}
		if len(r.Reasons) == 0 || len(r.Reasons) > maxReasons {
			t.Errorf("%q: %d reasons", l.subject, len(r.Reasons))
		}
		for _, reason := range r.Reasons {
			if reason.Check != checkName || !strings.HasSuffix(reason.Message, ".") || personal.MatchString(reason.Message) {
				t.Errorf("%q: reason %+v", l.subject, reason)
			}
		}
	}
}

// personal is what a reason must not repeat: addresses and whole links.
var personal = regexp.MustCompile(`[^ ]@[^ ]|https?://|john`)

func TestJudgeIsTheSameEachTime(t *testing.T) {
	for _, l := range invented {
		s := ReadLetter(l.subject, l.from, "", l.text, "")
		a := Judge(s, Context{}, nil)
		for range 3 {
			Judge(ReadLetter("x", "y", "", "something else in between", ""), Context{}, nil)
			if b := Judge(s, Context{}, nil); b.Score != a.Score || b.Decision != a.Decision || len(b.Reasons) != len(a.Reasons) {
				t.Errorf("%q: %.4f, then %.4f", l.subject, a.Score, b.Score)
			}
		}
	}
}

func TestEmptyMailIsJudged(t *testing.T) {
	if r := Judge(&Sheet{}, Context{}, nil); r.Decision == cordon.Undecided {
		t.Error("nothing is undecided")
	}
}
