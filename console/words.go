package console

import (
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// This file turns values into the words and figures a page shows. Pure functions.

// num writes a count with thin grouping: 12,345.
func num[T ~int | ~int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// rate writes a rate: one decimal below ten, none above.
func rate(v float64) string {
	switch {
	case v <= 0:
		return "0"
	case v < 0.1:
		return "<0.1"
	case v < 10:
		return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	default:
		return num(int64(math.Round(v)))
	}
}

// count writes "1 copy", "2 copies".
func count[T ~int | ~int64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return num(n) + " " + many
}

// percent writes a share as a whole number, and never rounds "some" to 0 or
// "not all" to 100.
func percent(part, whole int64) string {
	if whole <= 0 || part <= 0 {
		return "0 %"
	}
	p := int64(math.Round(float64(part) * 100 / float64(whole)))
	if part < whole {
		p = min(max(p, 1), 99)
	}
	return strconv.FormatInt(p, 10) + " %"
}

// age writes how long ago t was: "just now", "40 s", "3 min", "5 h", "12 d".
func age(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d < 0:
		return "in " + span(-d)
	case d < 2*time.Second:
		return "just now"
	default:
		return span(d) + " ago"
	}
}

func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " h"
	default:
		return strconv.Itoa(int(d.Hours()/24)) + " d"
	}
}

// timeTag is a moment for people and machines. Times are UTC and say so: an
// incident is told across time zones.
func timeTag(t time.Time, layout string) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format(layout) + `</time>`) // digits and fixed words only
}

func clock(t time.Time) template.HTML    { return timeTag(t, "15:04:05 UTC") }
func dayClock(t time.Time) template.HTML { return timeTag(t, "2 Jan 15:04:05 UTC") }
func full(t time.Time) template.HTML     { return timeTag(t, "2 January 2006, 15:04:05.000 UTC") }

// short is an identifier cut for a narrow place; the whole one is in the title.
func short[T ~string](id T) string {
	s := string(id)
	if i := strings.IndexByte(s, '_'); i > 0 && len(s) > i+7 {
		return s[:i+7] + "…"
	}
	return s
}

// stateWord is the label of a copy's state: the house's own word, capitalised.
func stateWord(s cordon.DeliveryState) string { return capital(string(s)) }

func capital[T ~string](v T) string {
	first, size := utf8.DecodeRuneInString(string(v))
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + string(v)[size:]
}

// stateHelp is one line on what a state means to somebody who has to answer for it.
func stateHelp(s cordon.DeliveryState) string {
	switch s {
	case cordon.Queued:
		return "waiting for its turn"
	case cordon.Sending:
		return "being handed over now"
	case cordon.Delivered:
		return "the mail relay took it"
	case cordon.Deferred:
		return "the relay asked us to try later"
	case cordon.Bounced:
		return "the relay turned it away for good"
	case cordon.Uncertain:
		return "the line broke after the last byte: perhaps delivered"
	case cordon.HeldState:
		return "kept back; cannot leave"
	case cordon.Cut:
		return "discarded by a person; never left"
	case cordon.Refused:
		return "our own exit check said no; never left"
	}
	return ""
}

// signalTitle is a signal's kind in plain words.
func signalTitle(k cordon.SignalKind) string {
	switch k {
	case cordon.SignalDecoy:
		return "A planted recipient was named"
	case cordon.SignalUnknownID:
		return "Recipient IDs that do not exist"
	case cordon.SignalForeignTenant:
		return "A key reached for another tenant"
	case cordon.SignalUnapproved:
		return "An unapproved template was sent"
	case cordon.SignalFreeContent:
		return "Free content without the right"
	case cordon.SignalLimit:
		return "A limit was reached"
	case cordon.SignalBurst:
		return "A burst under one key"
	case cordon.SignalBehaviour:
		return "An order unlike its sender"
	case cordon.SignalUnusual:
		return "More than is usual for a sender"
	case cordon.SignalExitProvenance:
		return "Exit: a copy the door never accepted"
	case cordon.SignalExitAuthority:
		return "Exit: the sender had no right to this"
	case cordon.SignalExitApproval:
		return "Exit: the text is not the approved one"
	case cordon.SignalExitTenant:
		return "Exit: a recipient of another tenant"
	case cordon.SignalExitDecoy:
		return "Exit: a planted recipient in the queue"
	case cordon.SignalDecoyMail:
		return "Mail from outside at a planted address"
	case cordon.SignalBounces:
		return "Many addresses do not exist"
	case cordon.SignalPolicy:
		return "The far side rejects this mail"
	case cordon.SignalFirstAnswers:
		return "The first copies came back"
	case cordon.SignalSendErrors:
		return "One try after the other fails"
	case cordon.SignalComplaints:
		return "Recipients complain"
	case cordon.SignalNotMe:
		return "Somebody may write in your name"
	case cordon.SignalReports:
		return "Complaints nobody vouches for"
	case cordon.SignalSameText:
		return "The same text from several tenants"
	case cordon.SignalVolume:
		return "Far more mail than ever"
	case cordon.SignalNoAnswer:
		return "Nothing came back about a stage"
	case cordon.SignalStoreUnreadable:
		return "A stored row could not be read"
	case cordon.SignalProblem:
		return "Reports from outside"
	}
	return capital(k)
}

// entryTitle is a ledger entry's kind in plain words.
func entryTitle(k cordon.EntryKind) string {
	if words, ok := entryWords[k]; ok {
		return words
	}
	return capital(k)
}

var entryWords = map[cordon.EntryKind]string{
	cordon.EntryReportReceived:    "Report from outside",
	cordon.EntryProblemMoved:      "Problem moved",
	cordon.EntryLateBounce:        "Bounce came by mail",
	cordon.EntryTenantCreated:     "Tenant created",
	cordon.EntryTenantErased:      "Tenant erased",
	cordon.EntryDomainCreated:     "Sending domain created",
	cordon.EntryAccountCreated:    "Account created",
	cordon.EntryKeyCreated:        "Key created",
	cordon.EntryKeySuspended:      "Key suspended",
	cordon.EntryKeyResumed:        "Key resumed",
	cordon.EntryKeyRevoked:        "Key revoked",
	cordon.EntryRecipientsChanged: "Recipients changed",
	cordon.EntryDecoysPlanted:     "Decoys planted",
	cordon.EntryDecoysRotated:     "Decoys rotated",
	cordon.EntryAudienceSaved:     "Audience saved",
	cordon.EntrySuppressed:        "Address suppressed",
	cordon.EntryTemplateCreated:   "Template created",
	cordon.EntryVersionWritten:    "Template version written",
	cordon.EntryVersionApproved:   "Template version approved",
	cordon.EntryVersionRevoked:    "Template version revoked",
	cordon.EntryOrderRefused:      "Order refused at the door",
	cordon.EntryDispatchAccepted:  "Dispatch accepted",
	cordon.EntryDispatchHeld:      "Dispatch held for a person",
	cordon.EntryDispatchReleased:  "Dispatch released",
	cordon.EntryDispatchDiscarded: "Dispatch discarded",
	cordon.EntryHoldAsked:         "A second person was asked for",
	cordon.EntryAttempts:          "Copies handed over",
	cordon.EntrySignal:            "Signal raised",
	cordon.EntryStopPlaced:        "Stop placed",
	cordon.EntryStopLifted:        "Stop lifted",
	cordon.EntrySwept:             "Copies moved by a stop or a lift",
	cordon.EntryStageOpened:       "Stage opened",
	cordon.EntryStageHeld:         "Stage held",
	cordon.EntryStageDone:         "Last stage passed",
	cordon.EntryPersonalDataRead:  "Personal data read",
	cordon.EntryLimitChanged:      "Limit changed",
	cordon.EntryDrill:             "Drill",
	cordon.EntryAnnounced:         "Announcement posted",
	cordon.EntryComponentChanged:  "Part of the status page changed",
	cordon.EntryComplaint:         "Complaint recorded",
}

// entryTone colours an entry's dot.
func entryTone(k cordon.EntryKind) string {
	switch k {
	case cordon.EntryOrderRefused, cordon.EntrySignal, cordon.EntryKeySuspended, cordon.EntryKeyRevoked, cordon.EntryVersionRevoked:
		return "alarm"
	case cordon.EntryStopPlaced, cordon.EntryStageHeld, cordon.EntryDispatchHeld, cordon.EntryDispatchDiscarded, cordon.EntryPersonalDataRead, cordon.EntrySwept:
		return "warn"
	case cordon.EntryDispatchAccepted, cordon.EntryAttempts, cordon.EntryVersionApproved, cordon.EntryDispatchReleased, cordon.EntryStopLifted, cordon.EntryKeyResumed:
		return "good"
	}
	return "plain"
}

// gradeWord is a grade in words, because a colour alone says nothing.
func gradeWord(g cordon.Grade) string {
	switch g {
	case cordon.GradeIncident:
		return "Incident"
	case cordon.GradeWarning:
		return "Warning"
	case cordon.GradeNote:
		return "Note"
	}
	return capital(g)
}
