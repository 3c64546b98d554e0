package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/cmd/cordon/replay"
)

func (sh *shell) evalReplay() *cobra.Command {
	return &cobra.Command{
		Use:   "replay FILE…",
		Short: "Replay a sending history through the guard, with accounts taken over",
		Long: "Judges every message of a history as the guard judges behaviour, in the\n" +
			"history's own time, and takes accounts over on the way: bursts, slow drips,\n" +
			"nights, new content, copies of own content, each to 50 people or more.\n" +
			"A file is tab-separated, plain or gzipped, and its header names the columns:\n" +
			"sender, recipient, seconds_since_start; or epoch, sender, n_to, n_cc, thread,\n" +
			"reply; or epoch, list, sender, thread, is_reply. docs/behaviour.md explains.",
		Example: "  cordon eval replay history.tsv.gz\n  cordon eval replay --json 2019.tsv.gz 2020.tsv.gz",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			all, err := replayFiles(cmd.Context(), files)
			if err != nil {
				return err
			}
			return sh.answer(all, func() { sh.showReplay(all) })
		},
	}
}

// replayJSON is the answer: the sums over all files, and each file's report.
type replayJSON struct {
	Messages      int               `json:"messages"`
	InnocentHolds int               `json:"innocent_holds"`
	Per2000       float64           `json:"innocent_holds_per_2000"`
	Takeovers     []replay.Takeover `json:"takeovers"`
	WorstCopies   int               `json:"worst_bad_copies_out"`
	MedianCopies  int               `json:"median_bad_copies_out"`
	NeverHeld     int               `json:"never_held"`
	OverTen       int               `json:"over_ten_copies_out"`
	ByKind        []takeoverKind    `json:"by_kind"`
	Files         []replay.Report   `json:"files"`
}

// takeoverKind sums the takeovers of one kind.
type takeoverKind struct {
	Kind          string  `json:"kind"`
	Takeovers     int     `json:"takeovers"`
	Worst         int     `json:"worst_bad_copies_out"`
	Median        int     `json:"median_bad_copies_out"`
	OverTen       int     `json:"over_ten_copies_out"`
	NeverHeld     int     `json:"never_held"`
	MedianSeconds float64 `json:"median_seconds_to_hold"`
}

func replayFiles(ctx context.Context, files []string) (replayJSON, error) {
	all := replayJSON{Takeovers: []replay.Takeover{}}
	for _, name := range files {
		h, err := readHistory(name)
		if err != nil {
			return all, err
		}
		report, err := replay.Run(ctx, h)
		if err != nil {
			return all, fmt.Errorf("replay %s: %w", name, err)
		}
		all.Messages += report.Messages
		all.InnocentHolds += report.InnocentHolds
		all.Takeovers = append(all.Takeovers, report.Takeovers...)
		all.Files = append(all.Files, report)
	}
	all.Per2000 = 2000 * float64(all.InnocentHolds) / float64(max(1, all.Messages))
	total := sumKind("", all.Takeovers)
	all.WorstCopies, all.MedianCopies, all.NeverHeld, all.OverTen = total.Worst, total.Median, total.NeverHeld, total.OverTen
	all.ByKind = sumKinds(all.Takeovers)
	return all, nil
}

func readHistory(name string) (*replay.History, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, cordon.InvalidField("file", "cannot be read: "+err.Error(), "give the path of a history")
	}
	defer in.Close()
	return replay.Read(filepath.Base(name), in)
}

// sumKinds sums by kind, in the order in which the kinds are tried.
func sumKinds(all []replay.Takeover) []takeoverKind {
	var kinds []takeoverKind
	var order []string
	by := map[string][]replay.Takeover{}
	for _, x := range all {
		if by[x.Kind] == nil {
			order = append(order, x.Kind)
		}
		by[x.Kind] = append(by[x.Kind], x)
	}
	for _, kind := range order {
		kinds = append(kinds, sumKind(kind, by[kind]))
	}
	return kinds
}

func sumKind(kind string, all []replay.Takeover) takeoverKind {
	k := takeoverKind{Kind: kind, Takeovers: len(all)}
	if len(all) == 0 {
		return k
	}
	var copies []int
	var seconds []float64
	for _, x := range all {
		copies, seconds = append(copies, x.BadCopiesOut), append(seconds, x.SecondsToHold)
		if x.BadCopiesOut > 10 {
			k.OverTen++
		}
		if x.SecondsToHold < 0 {
			k.NeverHeld++
		}
	}
	slices.Sort(copies)
	slices.Sort(seconds)
	k.Worst, k.Median, k.MedianSeconds = copies[len(copies)-1], copies[len(copies)/2], seconds[len(seconds)/2]
	return k
}

func (sh *shell) showReplay(all replayJSON) {
	var rows [][]string
	for _, f := range all.Files {
		rows = append(rows, []string{
			f.File, count(int64(f.Messages)), count(int64(f.Senders)), count(int64(f.InnocentHolds)), decimals(f.Per2000), decimals(f.First.Per2000), decimals(f.Rest.Per2000), decimals(f.SlowAnswer.Per2000),
		})
	}
	sh.say("Innocent messages held; the rates are per 2,000")
	sh.indented("  ", "file messages accounts held rate first_60% rest answered_after_30_min", rows)
	sh.say("\nAccounts taken over")
	sh.takeoverTable(sumKinds(all.Takeovers))
	var limits []replay.Takeover
	for _, f := range all.Files {
		limits = append(limits, f.Limits...)
		if f.StandIn != "" {
			sh.say("\n%s: %s.", f.File, f.StandIn)
		}
	}
	if len(limits) > 0 {
		sh.say("\nKnown limits (docs/behaviour.md), not among the above")
		sh.takeoverTable(sumKinds(limits))
	}
	sh.say("\n%s innocent messages of %s held (%s per 2,000). Of %d takeovers, %d let more than ten copies out; the worst %d.",
		count(int64(all.InnocentHolds)), count(int64(all.Messages)), decimals(all.Per2000), len(all.Takeovers), all.OverTen, all.WorstCopies)
}

func (sh *shell) takeoverTable(kinds []takeoverKind) {
	var rows [][]string
	for _, k := range kinds {
		seconds := strconv.FormatFloat(k.MedianSeconds, 'f', 0, 64) + " s"
		if k.MedianSeconds < 0 {
			seconds = "never"
		}
		rows = append(rows, []string{k.Kind, strconv.Itoa(k.Takeovers), strconv.Itoa(k.Worst), strconv.Itoa(k.Median), seconds, strconv.Itoa(k.OverTen), strconv.Itoa(k.NeverHeld)})
	}
	sh.indented("  ", "kind tried worst_copies_out median median_time_to_hold over_ten never_held", rows)
}

func decimals(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }
