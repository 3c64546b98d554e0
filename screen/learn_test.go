package screen

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

const flyer = "Autumn offer: free hearing test and a gift card for the first fifty visitors. Claim your gift at https://ear-north.example/autumn before Friday."

func TestTuningLearns(t *testing.T) {
	s := ReadLetter("You have been selected", "Ear North", "", flyer, "")
	before := Judge(s, Context{}, nil).Score
	var release Tuning
	for range 40 {
		release.Learn(s, true)
	}
	after := Judge(s, Context{}, &release).Score
	if !(after < before) {
		t.Errorf("released 40 times: score %.2f, was %.2f", after, before)
	}
	if before-after > maxTuning+1e-9 {
		t.Errorf("moved by %.2f, at most %.2f is allowed", before-after, maxTuning)
	}
	var reject Tuning
	letter := ReadLetter("Our new opening hours", "Ear North", "", "From May we open at eight on Mondays.", "")
	was := Judge(letter, Context{}, nil).Score
	for range 40 {
		reject.Learn(letter, false)
	}
	if now := Judge(letter, Context{}, &reject).Score; !(now > was) || now-was > maxTuning+1e-9 {
		t.Errorf("rejected 40 times: score %.2f, was %.2f", now, was)
	}
}

func TestTuningNeverSwitchesOffARule(t *testing.T) {
	html := `<html><head><meta http-equiv="refresh" content="5; url=https://hillclinic.example/more"></head><body><p>` + practiceLetters[0].text + `</p><p>` + practiceLetters[1].text + `</p></body></html>`
	s := ReadLetter("Your appointment on Tuesday", "Hill Clinic", "mail@hillclinic.example", "", html)
	holding := false
	for _, f := range Findings(s, Context{}) {
		holding = holding || f.Decision == cordon.Hold
	}
	if !holding {
		t.Fatal("no rule holds the letter: the test shows nothing")
	}
	var tuning Tuning
	for range 500 {
		tuning.Learn(s, true)
	}
	r := Judge(s, Context{}, &tuning)
	if r.Score >= 0 {
		t.Fatalf("the score alone, %.2f, holds the letter: the test shows nothing", r.Score)
	}
	if r.Decision != cordon.Hold || len(r.Reasons) == 0 {
		t.Errorf("released 500 times: %s, %d reasons", r.Decision, len(r.Reasons))
	}
}

func TestTuningIsBounded(t *testing.T) {
	var tuning Tuning
	for i := range 60 {
		text := strings.Repeat(string(rune('a'+i%26))+"x"+string(rune('a'+i/26))+"q ", 40) + flyer
		tuning.Learn(ReadLetter("You have won", "", "", text, ""), true)
	}
	if n := len(tuning.deltas); n == 0 || n > maxTuned {
		t.Errorf("%d weights are changed, at most %d may be", n, maxTuned)
	}
	b := tuning.Encode()
	back, err := DecodeTuning(b)
	if err != nil || !bytes.Equal(back.Encode(), b) {
		t.Errorf("what was encoded does not come back: %v", err)
	}
}

func TestDecodeTuningRefuses(t *testing.T) {
	head := tuningMagic
	for name, b := range map[string]string{
		"empty":         "",
		"other version": "cordon tuning 9\n",
		"cut":           head + "\x01\x00\x00\x00\x01",
		"zero change":   head + "\x01\x00\x00\x00\x00\x00",
		"out of bounds": head + "\xff\xff\xff\xff\x01\x00",
		"too strong":    head + "\x01\x00\x00\x00\xff\x7f",
		"not in order":  head + "\x02\x00\x00\x00\x01\x00\x01\x00\x00\x00\x01\x00",
		"twice":         head + "\x02\x00\x00\x00\x01\x00\x02\x00\x00\x00\x01\x00",
		"too many":      head + strings.Repeat("\x01\x00\x00\x00\x01\x00", maxTuned+1),
	} {
		if _, err := DecodeTuning([]byte(b)); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
	if tuning, err := DecodeTuning((*Tuning)(nil).Encode()); err != nil || len(tuning.deltas) != 0 {
		t.Errorf("no tuning does not come back: %v", err)
	}
}

func FuzzDecodeTuning(f *testing.F) {
	f.Add([]byte(tuningMagic + "\x01\x00\x00\x00\x01\x00"))
	s := ReadLetter("You have won", "", "", flyer, "")
	plain := Judge(s, Context{}, nil).Score
	f.Fuzz(func(t *testing.T, b []byte) {
		tuning, err := DecodeTuning(b)
		if err != nil {
			return
		}
		if moved := Judge(s, Context{}, tuning).Score - plain; moved > maxTuning+1e-9 || moved < -maxTuning-1e-9 {
			t.Errorf("moves a score by %.2f", moved)
		}
		if !bytes.Equal(tuning.Encode(), b) {
			t.Error("does not come back as it was")
		}
	})
}

func TestDecodeModelRefuses(t *testing.T) {
	good := model().Encode()
	if !bytes.Equal(good, shipped) {
		t.Error("the shipped model does not come back as it was")
	}
	if len(shipped) > 600<<10 {
		t.Errorf("the model has %d bytes", len(shipped))
	}
	broken := bytes.Clone(good)
	copy(broken[len(modelMagic)+32:], "\xff\xff\xff\x7f") // not a number
	for name, b := range map[string][]byte{"empty": nil, "cut": good[:1000], "longer": append(bytes.Clone(good), 0), "other version": append([]byte("x"), good[1:]...), "no number": broken} {
		if _, err := DecodeModel(b); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
	if model().Lesson == [32]byte{} {
		t.Error("the model does not say what it was trained on")
	}
}
