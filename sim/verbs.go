package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
)

// verbs is the whole language. A verb's error fails the script, unless the line
// begins with !, which asks for one.
func verbs() map[string]func(*World, *txtar.Archive, line) error {
	return map[string]func(*World, *txtar.Archive, line) error{
		"tenant":     (*World).doTenant,
		"recipients": (*World).doRecipients,
		"account":    (*World).doAccount,
		"key":        (*World).doKey,
		"template":   (*World).doTemplate,
		"approve":    (*World).doApprove,
		"host":       (*World).doHost,
		"order":      (*World).doOrder,
		"release":    (*World).doRelease,
		"discard":    (*World).doDiscard,
		"holds":      (*World).doHolds,
		"settle":     (*World).doSettle,
		"stop":       (*World).doStop,
		"lift":       (*World).doLift,
		"suppress":   (*World).doSuppress,
		"erase":      (*World).doErase,
		"suspend":    (*World).doSuspend,
		"revoke":     (*World).doRevoke,
		"relay":      (*World).doRelay,
		"advance":    (*World).doAdvance,
		"crash":      (*World).doCrash,
		"close":      (*World).doClose,
		"start":      (*World).doStart,
		"die":        (*World).doDie,
		"assess":     (*World).doAssess,
		"verify":     (*World).doVerify,
		"expect":     (*World).doExpect,
		"arrived":    (*World).doArrived,
		"overtook":   (*World).doOvertook,
		"signal":     (*World).doSignal,
		"error":      (*World).doError,
		"says":       (*World).doSays,
		"answers":    (*World).doAnswers,
		"complain":   (*World).doComplain,
		"sighted":    (*World).doSighted,
		"tell":       (*World).doTell,
		"returned":   (*World).doReturned,
		"problem":    (*World).doProblem,
		"answer":     (*World).doAnswer,
		"heard":      (*World).doHeard,
		"genuine":    (*World).doGenuine,
		"drill":      (*World).doDrillTenant,
		"incident":   (*World).doIncident,
		"incidents":  (*World).doIncidents,
		"notice":     (*World).doNotice,
		"inforce":    (*World).doInForce,
		"signals":    (*World).doSignals,
		"liftall":    (*World).doLiftAll,
		"leak":       (*World).doLeak,
		"outside":    (*World).doOutside,
		"rotate":     (*World).doRotate,
		"decoys":     (*World).doDecoys,
		"limits":     (*World).doLimits,
		"publicly":   (*World).doPublicly,
		"stanched":   (*World).doStanched,
		"announce":   (*World).doAnnounce,
		"drafts":     (*World).doDrafts,
		"sign":       (*World).doSign,
		"promised":   (*World).doPromised,
		"awake":      (*World).doAwake,
		"reads":      (*World).doReads,
		"subscriber": (*World).doSubscriber,
		"leaves":     (*World).doLeaves,
		"posted":     (*World).doPosted,
		"prompt":     (*World).doPrompt,
		"stage":      (*World).doStage,
		"stages":     (*World).doStages,
		"waits":      (*World).doWaits,
		"duty":       (*World).doDuty,
		"policy":     (*World).doPolicy,
		"wake":       (*World).doWake,
		"page":       (*World).doPage,
		"paged":      (*World).doPaged,
	}
}

// play does every line of a script and stops at the first that goes wrong.
func (w *World) play(archive *txtar.Archive) error {
	lines, err := parseScript(string(archive.Comment))
	if err != nil {
		return err
	}
	language := verbs()
	for _, l := range lines {
		do, known := language[l.verb]
		if !known {
			return fmt.Errorf("line %d: %s is not a verb", l.number, l.verb)
		}
		err := do(w, archive, l)
		switch {
		case l.refuse && err == nil:
			return fmt.Errorf("line %d: %s went through, and must not", l.number, l.verb)
		case l.refuse:
			w.lastErr = err
		case err != nil:
			return fmt.Errorf("line %d: %s: %w", l.number, l.verb, err)
		}
	}
	return nil
}

// line does the lines of a text that has no files.
func (w *World) line(text string) error { return w.play(&txtar.Archive{Comment: []byte(text)}) }

// script does lines that must go well.
func (w *World) script(text string) {
	w.t.Helper()
	if err := w.line(text); err != nil {
		w.t.Fatal(err)
	}
}

// actorOr is the actor that as= names, or the usual one.
func (w *World) actorOr(l line, usual cordon.Actor) cordon.Actor {
	name := l.named["as"]
	if name == "" {
		return usual
	}
	if actor, ok := w.actors[name]; ok {
		return actor
	}
	w.t.Fatalf("line %d: no actor %q in this script; there are %v", l.number, name, slices.Sorted(maps.Keys(w.actors)))
	return cordon.Actor{}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func fileOf(files *txtar.Archive, name string) []byte {
	for _, f := range files.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// numbered is the n-th thing of a script, counted from 1.
func numbered[T any](all []T, n string) (T, error) {
	var none T
	i, err := strconv.Atoi(n)
	if err != nil || i < 1 || i > len(all) {
		return none, fmt.Errorf("there is no number %s; this script has made %d", n, len(all))
	}
	return all[i-1], nil
}

// span reads 3-7, or 3 alone.
func (w *World) span(text string) (first, last int, err error) {
	from, until, isRange := strings.Cut(text, "-")
	if !isRange {
		until = from
	}
	if first, err = strconv.Atoi(from); err == nil {
		last, err = strconv.Atoi(until)
	}
	return first, last, err
}
