package screen

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// luresOf names the lures a text uses.
func luresOf(t *testing.T, subject, text string) []string {
	t.Helper()
	c := scanSheet(ReadLetter(subject, "", "", text, ""))
	defer c.done()
	return c.concepts()
}

func TestLures(t *testing.T) {
	for _, tc := range []struct{ text, lure string }{
		{"Please verify your account now", "credential"},
		{"PLEASE VERIFY   YOUR ACCOUNT", "credential"},
		{"Your account has been suspended", "account-threat"},
		{"your ac\u200bcount was susp\u00adended", "account-threat"},
		{"Your аccоunt has been suspended", "account-threat"}, // two Cyrillic letters
		{"𝐘𝐨𝐮 𝐡𝐚𝐯𝐞 𝐰𝐨𝐧", "prize"},
		{"ＹＯＵ ＨＡＶＥ ＷＯＮ", "prize"},
		{"Sie haben gewonnen", "prize"},
		{"Herzlichen Glückwunsch", "prize"},
		{"Félicitations ! Vous avez été sélectionné", "prize"},
		{"Você ganhou", "prize"},
		{"Connect your wallet to claim your tokens", "crypto-lure"},
		{"no prescription needed", "pharmacy"},
		{"postvak bijna vol, postvak is vol", "mailbox"},
		{"Mijn postvak is helemaal vol", "mailbox"},
		{"ご当選おめでとう", "prize"},
		{"free spins at our casino", "casino"},
	} {
		if got := luresOf(t, "", tc.text); !slices.Contains(got, tc.lure) {
			t.Errorf("%q: lures %v, want %s", tc.text, got, tc.lure)
		}
	}
}

func TestLuresNotThere(t *testing.T) {
	for _, text := range []string{
		"We verified the account of last year",
		"account. A long text stands between the two words, so that they are no phrase: suspended",
		"The specialist will see you about your diabetes on Tuesday",
		"An appointment at the clinic", "",
	} {
		if got := luresOf(t, "", text); len(got) > 0 {
			t.Errorf("%q: lures %v, want none", text, got)
		}
	}
}

func TestDisguised(t *testing.T) {
	for _, tc := range []struct {
		text string
		want int
	}{
		{"v1agra", 1}, {"V.I.A.G.R.A", 1}, {"v i a g r a", 1}, {`\/iagra`, 1}, {"Viaagrra", 1}, {"C1al1s and X@nax", 2}, {"vi-a-gra!", 1},
		{"viagra", 0}, // plainly: the phrases see it
		{"specialist", 0}, {"core i5", 0}, {"at Ivan", 0}, {"valid email", 0}, {"", 0}, {`\`, 0}, {`\/`, 0}, {`a\`, 0},
	} {
		c := scanSheet(ReadLetter("", "", "", tc.text, ""))
		if c.disguised != tc.want {
			t.Errorf("%q: %d in disguise, want %d", tc.text, c.disguised, tc.want)
		}
		c.done()
	}
}

// TestLureTables makes sure that every phrase can be found by the text it is made of.
func TestLureTables(t *testing.T) {
	book := lures()
	if len(book.lures) > maxLures || len(book.phrases) > maxPhrases {
		t.Fatalf("%d lures and %d phrases do not fit", len(book.lures), len(book.phrases))
	}
	names := map[string]bool{}
	for i, l := range book.lures {
		if names[l.name] || l.name == "" || l.says == "" || l.weight <= 0 {
			t.Errorf("lure %d %q is not whole or stands twice", i, l.name)
		}
		names[l.name] = true
	}
	for i, p := range book.phrases {
		text := strings.ReplaceAll(strings.ReplaceAll(p.text, " ..", ""), "*", "")
		f := follower{book: book}
		found := false
		var tok tokenizer
		for at := 0; ; {
			_, end, ok := tok.next(text, at)
			if !ok {
				break
			}
			at = end
			f.word(tok.folded(), hashBytes(tok.folded()), func(k int) { found = found || k == i })
		}
		if !found {
			t.Errorf("%s: %q is not found in %q", book.lures[p.lure].name, p.text, text)
		}
	}
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"Straße":     "strasse",
		"ÉLÈVE":      "eleve",
		"pаypаl":     "paypal", // Cyrillic а
		"привет":     "привет", // whole in its script: left as it is
		"𝔟𝔞𝔫𝔨":       "bank",
		"ｂａｎｋ":       "bank",
		"E\u0301tat": "etat",
		"ⓑⓐⓝⓚ":       "bank",
		"naïve":      "naive",
		"Łódź":       "lodz",
	} {
		if got := strings.Join(foldPhrase(text), " "); got != want {
			t.Errorf("%q folds to %q, want %q", text, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"", `\/\/\/`, "v.1.a.g.r.a", "\xff\xfe", strings.Repeat("a", 300), strings.Repeat("你", 100), "ab\u0301\u0301\u0301", "𝔟|1|ℹ"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, subject, text string) {
		began := time.Now()
		s := ReadLetter(subject, subject, "", text, "")
		a, b := Judge(s, Context{}, nil), Judge(s, Context{}, nil)
		if a.Score != b.Score || a.Score != a.Score {
			t.Errorf("scores %v and %v", a.Score, b.Score)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
