package announce

import (
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// FigureWord is a figure's name as readers understand it.
func FigureWord(name string) string {
	switch name {
	case cordon.FigureDelivered:
		return "Messages delivered"
	case cordon.FigureUnknown:
		return "Messages perhaps delivered"
	case cordon.FigureHeld:
		return "Messages held back"
	case cordon.FigureRefused:
		return "Messages refused"
	case cordon.FigureOrders:
		return "Attempts turned away"
	case cordon.FigureRecipients:
		return "People affected"
	case cordon.FigureTenants:
		return "Organisations affected"
	case cordon.FigureReads:
		return "Readings of personal data"
	case cordon.FigureExposure:
		return "Minutes from the first message to the last"
	case cordon.FigureFirstCopy:
		return "First message"
	case cordon.FigureLastCopy:
		return "Last message"
	case cordon.FigureOpened:
		return "Noticed"
	case cordon.FigureContained:
		return "Stopped"
	}
	return name
}

// firstDraft is the first post of a public incident, so that a person only reads
// and signs. It says what is counted and nothing that is guessed.
func firstDraft(i cordon.Incident, kinds []cordon.Kind) cordon.AnnouncementDraft {
	d := cordon.AnnouncementDraft{Kind: cordon.AnnounceOriginal, Audience: cordon.ForPublic, Status: cordon.PostActual, Incident: i.ID,
		Why: "the incident is public: readers are told within 5 minutes"}
	if i.Exercise {
		d.Status = cordon.PostExercise
	}
	d.State, d.Impact = cordon.PublicInvestigating, impactOf(i.Severity)
	counted := "So far {{copies_delivered}} such messages were delivered to {{recipients_affected}} people of {{tenants_affected}} organisations, and {{copies_held}} are held back. " +
		"We noticed it on {{opened_at}}."
	switch i.Kind {
	case cordon.IncidentTemplate:
		d.Title = "Messages sent without authority"
		d.Body = "Messages that the organisations in whose name they came did not send went out through our service.\n\n" + counted +
			"\n\nIf you got one: do not follow its links and do not answer it."
	case cordon.IncidentAccount:
		d.Title = "Messages from a misused account"
		d.Body = "Somebody used an account that is not theirs to send messages through our service.\n\n" + counted +
			"\n\nIf you got one: do not follow its links and do not answer it."
	case cordon.IncidentStorm:
		d.Title = "Unusually many messages on a mailing list"
		d.Body = "Replies to a mailing list multiply.\n\n" + counted + "\n\nPlease do not answer to the whole list, not even to be taken off it."
	case cordon.IncidentLeak:
		d.Title = "Reports of spam email"
		d.Body = "We are looking into reports of unwanted mail to addresses that were given to us. It was noticed on {{opened_at}}.\n\n" +
			"If you got such mail: do not open what is attached to it, and do not answer it."
	default:
		d.Title = "Messages that should not have been sent"
		d.Body = "Messages that should not have been sent went out through our service.\n\n" + counted
	}
	d.NotAffected = notAffected(kinds)
	return d
}

// notAffected says which mail goes on, by the kinds that the incident's mail is
// not of.
func notAffected(kinds []cordon.Kind) string {
	var fine []string
	for _, k := range []struct {
		kind  cordon.Kind
		words string
	}{{cordon.Bulk, "mailings to many"}, {cordon.Single, "single messages such as appointment letters"}} {
		if !slices.Contains(kinds, k.kind) && len(kinds) > 0 {
			fine = append(fine, k.words)
		}
	}
	if len(fine) > 0 {
		return "Mail of other organisations goes out as usual, and so do " + strings.Join(fine, " and ") + "."
	}
	return "Mail of organisations that are not affected goes out as usual."
}

func impactOf(s cordon.Severity) cordon.Impact {
	switch s.Effective() {
	case 1:
		return cordon.ImpactCritical
	case 2:
		return cordon.ImpactMajor
	case 3, 4:
		return cordon.ImpactMinor
	default:
		return cordon.ImpactNone
	}
}
