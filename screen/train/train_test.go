package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cordonmail/cordon/screen"
)

// invented writes labelled mail of two kinds into a folder of its own.
func invented(t *testing.T, n int) (training, mail string) {
	t.Helper()
	root := t.TempDir()
	training, mail = filepath.Join(root, "training"), filepath.Join(root, "more", "mail")
	labels := "path\tlabel\tsublabel\tsource\tdate\tsha256\tcampaign\n"
	other := labels
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		label, subject, text := "ham", "Minutes of the meeting", fmt.Sprintf("The minutes of meeting %d are in the usual folder. Please read them before Thursday.", i)
		if i%2 == 1 {
			label, subject, text = "spam", "Shiny lamps", fmt.Sprintf("Shiny lamps, lamps for all, cheaper lamps than ever, offer %d", i)
		}
		row := fmt.Sprintf("%s\tkind\tdesk\t2020-01-%02d\t-\tc%d\n", label, i%28+1, i)
		message := "Subject: " + subject + "\r\n\r\n" + text + "\r\n"
		if i%5 == 0 {
			other += fmt.Sprintf("mail/%d.eml\t", i) + row
			write(filepath.Join(mail, fmt.Sprintf("%d.eml", i)), message)
		} else {
			labels += fmt.Sprintf("%d.eml\t", i) + row
			write(filepath.Join(training, fmt.Sprintf("%d.eml", i)), message)
		}
	}
	other += "mail-noncommercial/spam/1.eml\tspam\tkind\ttrap\t2020-01-01\t-\tc999\n" // must not even be opened
	write(filepath.Join(training, "labels.tsv"), labels)
	write(filepath.Join(root, "more", "labels.tsv"), other)
	return training, mail
}

func TestTrainingIsTheSameEachTime(t *testing.T) {
	training, mail := invented(t, 60)
	var models [2][]byte
	for i := range models {
		out := filepath.Join(t.TempDir(), "model.bin")
		if err := run(training, mail, out, false, false); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		models[i] = b
	}
	if !bytes.Equal(models[0], models[1]) {
		t.Error("the same mail made different models")
	}
	m, err := screen.DecodeModel(models[0])
	if err != nil {
		t.Fatal(err)
	}
	score := func(text string) float64 {
		return m.Score(screen.Examine(screen.ReadLetter("", "", "", text, "")))
	}
	if spam, ham := score("cheaper lamps than ever, shiny lamps for all"), score("Please read the minutes before Thursday"); !(spam > ham+1) {
		t.Errorf("advertising scores %.2f, a letter %.2f", spam, ham)
	}
}

func TestWhatIsLoaded(t *testing.T) {
	training, mail := invented(t, 40)
	all, err := load(training, mail)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 40 {
		t.Errorf("%d messages, want 40", len(all))
	}
	sides := map[bool]float64{}
	for i := range all {
		sides[all[i].spam] += all[i].weight
	}
	if d := sides[true] - sides[false]; d > 1e-9 || d < -1e-9 {
		t.Errorf("spam weighs %.3f, legitimate mail %.3f", sides[true], sides[false])
	}
}
