// Train makes the model that ships in the binary from labelled mail. It is
// deterministic: the same mail makes the same bytes.
//
//	go run ./screen/train -train DIR -mail DIR -out screen/model.bin
//
// DIR of -train holds labels.tsv and the messages it names; -mail names the
// folder mail beside its labels.tsv. With -report it validates instead: by
// campaign, by time and by source left out.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
)

func main() {
	training := flag.String("train", "", "folder of the training mail, with labels.tsv")
	mail := flag.String("mail", "", "folder mail, with labels.tsv beside it")
	out := flag.String("out", "", "where the model goes")
	report := flag.Bool("report", false, "validate instead of writing a model")
	verbose := flag.Bool("v", false, "with -report: list what was judged wrongly")
	flag.Parse()
	if *training == "" || *mail == "" || *out == "" && !*report {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*training, *mail, *out, *report, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(training, mail, out string, report, verbose bool) error {
	examples, err := load(training, mail)
	if err != nil {
		return err
	}
	if report {
		return validate(os.Stdout, examples, verbose)
	}
	t := fit(examples)
	t.threshold(examples, crossed(examples, 5))
	m := t.model()
	m.Lesson = lesson(examples)
	fmt.Printf("%d messages; bias of personal mail %.2f, of bulk mail %.2f\n", len(examples), m.Bias[0], m.Bias[1])
	return os.WriteFile(out, m.Encode(), 0o644)
}

// lesson is the hash over the sums of all messages, in order.
func lesson(examples []example) (sum [32]byte) {
	h := sha256.New()
	for _, e := range examples {
		h.Write(e.sum[:])
	}
	copy(sum[:], h.Sum(nil))
	return sum
}
