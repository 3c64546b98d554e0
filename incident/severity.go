package incident

import (
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// class is what a sort of signal says of the incident it opens.
type class struct {
	severity cordon.Severity
	kind     cordon.IncidentKind
	title    string
	abuse    bool // somebody uses a credential that is not his: it is owed back
}

// classes is the table: if unsure, the higher. A decoy that was hit and an
// unauthorised send are proof, and so SEV-1.
var classes = map[cordon.SignalKind]class{
	cordon.SignalDecoy:          {1, cordon.IncidentTemplate, "A planted recipient was named: recipient IDs were stolen", true},
	cordon.SignalUnknownID:      {2, cordon.IncidentTemplate, "Recipient IDs are being walked", true},
	cordon.SignalForeignTenant:  {1, cordon.IncidentTemplate, "A credential reached for another tenant", true},
	cordon.SignalUnapproved:     {1, cordon.IncidentTemplate, "A letter was sent that nobody approved", true},
	cordon.SignalFreeContent:    {1, cordon.IncidentTemplate, "Free content was sent without the right to it", true},
	cordon.SignalBurst:          {2, cordon.IncidentTemplate, "A key sent in a burst", true},
	cordon.SignalSameText:       {1, cordon.IncidentTemplate, "Several tenants send the same text at once", true},
	cordon.SignalExitProvenance: {1, cordon.IncidentTemplate, "Copies in the queue never came in by the door", true},
	cordon.SignalExitAuthority:  {1, cordon.IncidentTemplate, "Copies in the queue had no authority to be sent", true},
	cordon.SignalExitApproval:   {1, cordon.IncidentTemplate, "Copies in the queue were not what was approved", true},
	cordon.SignalExitTenant:     {1, cordon.IncidentTemplate, "Copies in the queue were for another tenant's recipients", true},
	cordon.SignalExitDecoy:      {1, cordon.IncidentTemplate, "A copy for a planted recipient was in the queue", true},
	cordon.SignalBehaviour:      {3, cordon.IncidentAccount, "Orders unlike their sender", true},
	cordon.SignalNotMe:          {2, cordon.IncidentAccount, "Recipients say: this was not you", true},
	cordon.SignalComplaints:     {2, cordon.IncidentOther, "Recipients complain", false},
	cordon.SignalScreened:       {3, cordon.IncidentOther, "An outside scanner refused a letter", false},
	cordon.SignalBounces:        {3, cordon.IncidentOther, "Too many addresses do not exist", false},
	cordon.SignalPolicy:         {3, cordon.IncidentOther, "Receiving servers reject by policy", false},
	cordon.SignalFirstAnswers:   {3, cordon.IncidentOther, "Most of the first copies came back", false},
	cordon.SignalSendErrors:     {3, cordon.IncidentOther, "One try after the other fails", false},
	cordon.SignalVolume:         {2, cordon.IncidentStorm, "The whole installation sends far more than ever", false},
	cordon.SignalDecoyMail:      {1, cordon.IncidentLeak, "Mail from outside at a planted address: the directory leaked", false},
	cordon.SignalProblem:        {2, cordon.IncidentOther, "Reports from outside", false},
	cordon.SignalLedgerBroken:   {1, cordon.IncidentOther, "The stored data does not give the ledger's root", false},
	cordon.SignalWitness:        {1, cordon.IncidentOther, "A witness contradicts a checkpoint", false},
}

// classOf is the signal's row; what the table does not know is as bad as can be.
func classOf(kind cordon.SignalKind) class {
	if c, known := classes[kind]; known {
		return c
	}
	return class{severity: 1, kind: cordon.IncidentOther, title: "Signal: " + string(kind)}
}

// Thresholds of what the damage asks for, in people who got a bad copy.
const (
	worstPeople = 500 // from here on SEV-1; also where a breach is told to the media (45 CFR 164.406)
	badPeople   = 50  // and from here on at least SEV-2
)

// damageSeverity is what the damage asks for, and why; 0 for nothing.
func damageSeverity(kind cordon.IncidentKind, copies, people int64, tenants int) (cordon.Severity, string) {
	switch {
	case copies == 0:
		return 0, ""
	case tenants > 1:
		return 1, fmt.Sprintf("bad copies reached people of %d tenants", tenants)
	case people >= worstPeople:
		return 1, fmt.Sprintf("bad copies reached %s people", cordon.Thousands(people))
	case kind == cordon.IncidentTemplate:
		return 1, "copies that nobody authorised were delivered"
	case people >= badPeople || kind == cordon.IncidentAccount:
		return 2, fmt.Sprintf("bad copies reached %s people", cordon.Thousands(people))
	}
	return 0, ""
}

// public says whether announcements are owed by rule.
func public(severity cordon.Severity, copies int64) bool {
	return severity.Effective() <= 2 && copies > 0
}

// pageAfter is how long an incident may stay uncontained before somebody is called
// again.
func pageAfter(s cordon.Severity) time.Duration {
	if s.Effective() <= 2 {
		return 15 * time.Minute
	}
	return time.Hour
}

// needsCommander says whether somebody must be in command before it goes on to
// monitoring and to its end.
func needsCommander(s cordon.Severity) bool { return s.Effective() <= 2 }
