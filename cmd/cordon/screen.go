package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/screen"
)

// maxMessage is how much of a message file is read; larger ones are refused.
const maxMessage = 50 << 20 // bytes

// judged is what one message file came to.
type judged struct {
	Path     string          `json:"path"`
	Decision cordon.Decision `json:"decision"`
	Score    float64         `json:"score"`
	Reasons  []string        `json:"reasons"`
	Concepts []string        `json:"concepts,omitempty"`
	Rules    []string        `json:"rules,omitempty"`
	Error    string          `json:"error,omitempty"`

	failed error
}

func (sh *shell) screenCommand() *cobra.Command {
	var tsv bool
	cmd := &cobra.Command{
		Use:     "screen FILE|DIR…",
		Short:   "Judge raw messages by what they say",
		Long:    "Screen reads raw messages (.eml) from files and folders (Maildirs too) and judges each by its\ncontent alone, without a server and without opening anything a message names.\nA score of 0 and above holds. Exit status 1 when a file could not be read.",
		Example: "  cordon screen suspicious.eml\n  cordon screen --tsv ./inbox | cut -f1,2",
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&tsv, "tsv", false, "tab-separated lines with a header: path, decision, score, reasons")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if tsv && sh.json {
			return misused("--tsv", "cannot go with --json", "give one of them")
		}
		files, failed := messageFiles(args)
		results := sh.judgeAll(files)
		for _, r := range results {
			if r.failed != nil {
				failed = append(failed, r.failed)
			}
		}
		if err := sh.showJudged(results, tsv); err != nil {
			return err
		}
		return sh.unread(failed)
	}
	return cmd
}

// unread says which files could not be read.
func (sh *shell) unread(failed []error) error {
	for _, err := range failed {
		sh.note("cordon: %s", err)
	}
	if len(failed) > 0 {
		return silent{1}
	}
	return nil
}

// otherFile are the endings of files that lie beside messages and are none. A
// message may have any other name: those of a Maildir have no ending.
var otherFile = map[string]bool{".tsv": true, ".csv": true, ".txt": true, ".json": true, ".md": true, ".log": true, ".gz": true, ".zst": true, ".zip": true}

// messageFiles lists the files named, and those in the folders named, in order.
func messageFiles(args []string) (files []string, failed []error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			failed = append(failed, fileError(arg, err))
			continue
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				failed = append(failed, fileError(path, err))
				return nil
			}
			if d.Type().IsRegular() && !strings.HasPrefix(d.Name(), ".") && !otherFile[strings.ToLower(filepath.Ext(path))] {
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			failed = append(failed, fileError(arg, err))
		}
	}
	return files, failed
}

// fileError names the file once, and the reason without the system call's name.
func fileError(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// judgeAll judges files on all cores; the results are in the order of files.
func (sh *shell) judgeAll(files []string) []judged {
	results := make([]judged, len(files))
	meter := sh.meter()
	defer meter.clear()
	next, done := make(chan int), make(chan struct{})
	workers := max(1, min(runtime.NumCPU(), len(files)))
	for range workers {
		go func() {
			for i := range next {
				results[i] = judgeFile(files[i])
				done <- struct{}{}
			}
		}()
	}
	go func() {
		for i := range files {
			next <- i
		}
		close(next)
	}()
	for n := range files {
		<-done
		meter.show("judging", int64(n+1), int64(len(files)), "messages")
	}
	return results
}

func judgeFile(path string) judged {
	r := judged{Path: path, Decision: cordon.Hold}
	fail := func(err error) judged {
		r.failed = err
		r.Error = err.Error()
		return r
	}
	raw, err := readMessage(path)
	if err != nil {
		return fail(fileError(path, err))
	}
	sheet, err := screen.Read(raw)
	if err != nil {
		return fail(fmt.Errorf("%s: %w", path, err))
	}
	report := screen.Judge(sheet, screen.Context{}, nil)
	r.Decision, r.Score, r.Concepts = report.Decision, math.Round(report.Score*1000)/1000, report.Concepts
	r.Reasons = make([]string, 0, len(report.Reasons))
	for _, reason := range report.Reasons {
		r.Reasons = append(r.Reasons, reason.Message)
	}
	for _, f := range report.Findings {
		r.Rules = append(r.Rules, f.Rule)
	}
	return r
}

func readMessage(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxMessage+1))
	if err == nil && len(raw) > maxMessage {
		err = fmt.Errorf("is larger than %s bytes", count(maxMessage))
	}
	return raw, err
}

// showJudged prints the results. What could not be read is in none of the
// tables; the error names it.
func (sh *shell) showJudged(results []judged, tsv bool) error {
	if sh.json {
		enc := json.NewEncoder(sh.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(map[string]any{"messages": results})
	}
	if tsv {
		sh.say("path\tdecision\tscore\treasons")
	}
	held, read := 0, 0
	for _, r := range results {
		if r.failed != nil {
			continue
		}
		read++
		if r.Decision != cordon.Pass {
			held++
		}
		if tsv {
			sh.say("%s\t%s\t%.3f\t%s", cell(r.Path), r.Decision, r.Score, cell(strings.Join(r.Reasons, " ")))
			continue
		}
		sh.say("%-6s %7.2f  %s", r.Decision, r.Score, r.Path)
		for _, reason := range r.Reasons {
			sh.say("                %s", reason)
		}
	}
	if !tsv && read > 1 {
		sh.say("%s of %s held", count(int64(held)), count(int64(read)))
	}
	return nil
}

// cell keeps a value in its cell.
func cell(s string) string {
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(s)
}
