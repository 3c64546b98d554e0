package replay

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// office is a history of 60 people in three departments over six weeks, columns
// in another order than usual.
func office() string {
	chance := rand.New(rand.NewPCG(3, 4))
	var lines []string
	for day := range 42 {
		if day%7 > 4 {
			continue
		}
		for who := range 60 {
			for range 2 {
				to := who/20*20 + chance.IntN(20)
				if chance.IntN(30) == 0 {
					to = chance.IntN(60)
				}
				if at := day*86400 + 8*3600 + chance.IntN(9*3600); to != who {
					lines = append(lines, fmt.Sprintf("%d\tp%d\tp%d", at, to, who))
				}
			}
		}
	}
	slices.Sort(lines) // not by time: reading sorts
	return "seconds_since_start\trecipient\tsender\n" + strings.Join(lines, "\n") + "\n"
}

func replayed(t *testing.T, text string) Report {
	t.Helper()
	h, err := Read("office.tsv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAnOfficeIsLeftInPeaceAndThievesAreHeld(t *testing.T) {
	report := replayed(t, office())
	if report.Messages < 3000 || report.Per2000 > 1 {
		t.Errorf("%d messages, %.2f held per 2,000: %v", report.Messages, report.Per2000, report.Reasons)
	}
	if len(report.Takeovers) < 100 {
		t.Fatalf("only %d takeovers", len(report.Takeovers))
	}
	for _, x := range report.Takeovers {
		if x.Copies < 50 || x.BadCopiesOut > 10 || x.SecondsToHold < 0 {
			t.Errorf("%+v", x)
		}
	}
}

func TestTwoReplaysAnswerAlike(t *testing.T) {
	one, two := replayed(t, office()), replayed(t, office())
	if fmt.Sprintf("%+v", one) != fmt.Sprintf("%+v", two) {
		t.Error("two replays of one file differ")
	}
}

func TestTheThreeKindsOfFile(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, "epoch\tsender\tside\tn_to\tn_cc\tthread\treply(1)/forward(2)\n943960920\ta\tint\t1\t5\tx\t1\n943960920\tb\tint\t60\t0\ty\t0\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text             string
		kind             string
		messages, people int
	}{
		"edges":  {"sender\trecipient\tseconds_since_start\r\n1\t2\t0\r\n1\t3\t0\r\n1\t3\t0\r\n2\t3\t0\r\n1\t2\t9\r\n", "edges", 3, 2},
		"counts": {packed.String(), "counts", 2, 1},
		"posts":  {"epoch\tlist\tsender\tthread\tis_reply\n5\tdev\ta\tx\t0\n9\tdev\tb\tx\t1\n", "posts", 2, 2},
	} {
		h, err := Read(name, strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if h.Kind != c.kind || len(h.Messages) != c.messages || h.People != c.people {
			t.Errorf("%s: %s, %d messages, %d people", name, h.Kind, len(h.Messages), h.People)
		}
		if _, err := Run(t.Context(), h); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFileThatIsNoHistory(t *testing.T) {
	for name, text := range map[string]string{
		"empty":     "",
		"no rows":   "sender\trecipient\tseconds_since_start\n",
		"columns":   "from\tto\n1\t2\n",
		"no time":   "sender\trecipient\tseconds_since_start\n1\t2\tnoon\n",
		"no sender": "sender\trecipient\tseconds_since_start\n\t2\t5\n",
		"counts":    "epoch\tsender\tn_to\n5\ta\tmany\n",
		"torn":      "\x1f\x8b\x08\x00torn",
	} {
		if _, err := Read(name, strings.NewReader(text)); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("sender\trecipient\tseconds_since_start\n1\t2\t0\n"))
	f.Add([]byte("epoch\tlist\tsender\tthread\tis_reply\n5\tdev\ta\tx\t0\n"))
	f.Add([]byte("epoch\tsender\tn_to\tn_cc\tthread\n5\ta\t1\t0\tx\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if h, err := Read("fuzz", bytes.NewReader(raw)); err == nil && len(h.Messages) == 0 {
			t.Fatal("a history without messages")
		}
	})
}

// The house of a replay knows who knows whom as the store does.
func TestTheHouseAnswersAsTheStoreDoes(t *testing.T) {
	ctx, s := t.Context(), storetest.New(t)
	h := newHouse(30)
	operator := cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	if err := s.CreateTenant(ctx, operator, cordon.Tenant{ID: h.tenant, Handle: "office", Name: "Office", State: cordon.TenantActive}); err != nil {
		t.Fatal(err)
	}
	know(t, s, h)
	some := false
	for sender := range 30 {
		var to []int64
		for r := range int64(25) {
			if (r+int64(sender))%3 > 0 {
				to = append(to, r+1)
			}
		}
		want, err := s.Acquaintance(ctx, h.tenant, account(sender), to, true)
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Acquaintance(ctx, h.tenant, account(sender), to, true)
		if err != nil || got != want {
			t.Fatalf("sender %d: %+v here, %+v there, %v", sender, got, want, err)
		}
		some = some || got.Close > 0
	}
	if !some {
		t.Error("nobody is close to anybody: this proves nothing")
	}
}

// know makes the same acquaintances in both.
func know(t *testing.T, s *store.Store, h *House) {
	t.Helper()
	chance := rand.New(rand.NewPCG(5, 6))
	db := storetest.Raw(t, s)
	for sender := range 30 {
		if _, err := db.Exec(`INSERT INTO behaviour (tenant, subject, num, state, pardoned_at) VALUES (1, $1, $2, $3, 0)`, "account:"+senderID(sender), sender+1, []byte{}); err != nil {
			t.Fatal(err)
		}
		var to []int64
		for r := range int64(25) {
			if chance.IntN(10) < 1+sender%5 {
				to = append(to, r+1)
				if _, err := db.Exec(`INSERT INTO contact (tenant, sender, recipient) VALUES (1, $1, $2)`, sender+1, r+1); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.acquaint(sender, to)
	}
}
