package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/inspect"
)

// inspected is what one received message is.
type inspected struct {
	Path string `json:"path"`
	inspect.Found
	Valid *bool  `json:"valid,omitempty"` // of an XARF document
	Error string `json:"error,omitempty"`
}

func (sh *shell) inspectCommand() *cobra.Command {
	var tsv bool
	cmd := &cobra.Command{
		Use:     "inspect FILE|DIR…",
		Short:   "Say what a returned message is",
		Long:    "Inspect reads received messages, mboxes and XARF documents (JSON) from files and folders, - for\nstandard input, and says of each what it is: bounce, complaint, auto-reply, delivery-receipt,\nabuse-notice, xarf or other; for a bounce whether the address is dead (hard) or not (soft), why, and\nfor whom. An XARF document that breaks its rules is invalid, and every fault is told.\nNothing is opened that a message names, and no server is needed.\nExit status 1 when a file could not be read.",
		Example: "  cordon inspect returned.eml\n  cordon inspect --tsv ./abuse-mailbox | cut -f2,5 | sort | uniq -c",
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&tsv, "tsv", false, "tab-separated lines with a header: path, kind, class, status, reason, recipient")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if tsv && sh.json {
			return misused("--tsv", "cannot go with --json", "give one of them")
		}
		files, failed := sh.inspectFiles(args)
		results, more := sh.inspectAll(files)
		if err := sh.showInspected(results, tsv); err != nil {
			return err
		}
		return sh.unread(append(failed, more...))
	}
	return cmd
}

// noMessage are the endings of files in a folder that are neither messages nor
// documents.
var noMessage = map[string]bool{".tsv": true, ".csv": true, ".md": true, ".log": true, ".xml": true, ".gz": true, ".zst": true, ".zip": true}

// inspectFiles lists the files named, and those in the folders named.
func (sh *shell) inspectFiles(args []string) (files []string, failed []error) {
	for _, arg := range args {
		if arg == "-" {
			files = append(files, arg)
			continue
		}
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
			if d.Type().IsRegular() && !strings.HasPrefix(d.Name(), ".") && !noMessage[strings.ToLower(filepath.Ext(path))] {
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

// inspectAll reads files on all cores; the results are in the order of files.
func (sh *shell) inspectAll(files []string) (all []inspected, failed []error) {
	type answer struct {
		found []inspected
		err   error
	}
	answers := make([]answer, len(files))
	meter := sh.meter()
	defer meter.clear()
	next, done := make(chan int), make(chan struct{})
	for range max(1, min(runtime.NumCPU(), len(files))) {
		go func() {
			for i := range next {
				answers[i].found, answers[i].err = sh.inspectFile(files[i])
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
		meter.show("reading", int64(n+1), int64(len(files)), "files")
	}
	for _, a := range answers {
		all = append(all, a.found...)
		if a.err != nil {
			failed = append(failed, a.err)
		}
	}
	return all, failed
}

// inspectFile reads one file: a message, an XARF document, or an mbox of several.
func (sh *shell) inspectFile(path string) ([]inspected, error) {
	raw, err := sh.messageBytes(path)
	if err != nil {
		return []inspected{{Path: path, Error: err.Error()}}, fileError(path, err)
	}
	var all []inspected
	for _, one := range inspect.Messages(raw) {
		found, err := inspect.Read(one)
		if err != nil {
			return append(all, inspected{Path: path, Error: err.Error()}), fmt.Errorf("%s: %w", path, err)
		}
		r := inspected{Path: path, Found: found}
		if found.Report != nil {
			valid := found.Report.Valid()
			r.Valid = &valid
		}
		all = append(all, r)
	}
	return all, nil
}

func (sh *shell) messageBytes(path string) ([]byte, error) {
	if path != "-" {
		return readMessage(path)
	}
	raw, err := io.ReadAll(io.LimitReader(sh.in, maxMessage+1))
	if err == nil && len(raw) > maxMessage {
		err = fmt.Errorf("is larger than %s bytes", count(maxMessage))
	}
	return raw, err
}

// showInspected prints the results. What could not be read is in none of the
// tables; the error names it.
func (sh *shell) showInspected(results []inspected, tsv bool) error {
	if sh.json {
		if results == nil {
			results = []inspected{}
		}
		enc := json.NewEncoder(sh.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(map[string]any{"messages": results})
	}
	if tsv {
		sh.say("path\tkind\tclass\tstatus\treason\trecipient")
	}
	for _, r := range results {
		switch {
		case r.Error != "":
		case tsv:
			sh.say("%s\t%s\t%s\t%s\t%s\t%s", cell(r.Path), r.Kind, r.Class, cell(r.Status), cell(string(r.Reason)), cell(addressList(r.Recipients, ",")))
		default:
			sh.showOne(r)
		}
	}
	return nil
}

// showOne prints one answer for a person.
func (sh *shell) showOne(r inspected) {
	words := []string{string(r.Kind)}
	if r.Class != inspect.None {
		words = append(words, string(r.Class))
	}
	for _, w := range []string{r.Status, string(r.Reason)} {
		if w != "" {
			words = append(words, w)
		}
	}
	sh.say("%-40s %s", cell(strings.Join(words, " ")), filepath.ToSlash(r.Path))
	if len(r.Recipients) > 0 {
		sh.say("    recipients: %s", cell(addressList(r.Recipients, ", ")))
	}
	if n := len(r.Enclosed); n > 0 {
		sh.say("    messages enclosed: %d", n)
	}
	for _, c := range r.Clues.Codes {
		sh.say("    message code: %s", c)
	}
	for _, token := range r.Clues.Tokens {
		sh.say("    token of a copy: %s", token)
	}
	if r.Report == nil {
		return
	}
	if r.Report.Valid() {
		sh.say("    valid XARF %s: %s", cell(r.Report.Version), cell(r.Report.Category+"/"+r.Report.Type))
		return
	}
	sh.say("    invalid XARF, faults: %d", len(r.Report.Faults))
	for _, f := range r.Report.Faults {
		line := "    " + f.Field + ": " + f.Message
		if f.Remedy != "" {
			line += " (" + f.Remedy + ")"
		}
		sh.say("%s", cell(line))
	}
}

func addressList(list []cordon.Address, by string) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = string(a)
	}
	return strings.Join(words, by)
}
