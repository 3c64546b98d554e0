package api

import "github.com/cordonmail/cordon"

const (
	tagIncidents = "incidents"
	incidentURL  = "/v1/incidents/{incident}"
)

func incidentWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	severities := []any{"SEV-1", "SEV-2", "SEV-3", "SEV-4", "SEV-5"}
	return map[string]word{
		"Incident.number":       {doc: "What people call it: INC-<number>", example: 12},
		"Incident.kind":         {doc: "Which playbook", example: "template-abuse", enum: enum(cordon.IncidentKinds()...)},
		"Incident.severity":     {doc: "1 is the worst", example: "SEV-1", enum: severities},
		"Incident.state":        {doc: "Where it stands", example: "contained", enum: enum(cordon.IncidentStates()...)},
		"Incident.title":        {doc: "What went wrong, in operators' words", example: "Recipient IDs are being walked"},
		"Incident.tenant":       {doc: "Whose it is; left out when it touches several, or the house", example: "ten_0123456789abcdefghjkmnpqrs"},
		"Incident.public":       {doc: "Announcements are owed", example: true},
		"Incident.into":         {doc: "The incident it was merged into", example: "inc_0123456789abcdefghjkmnpqrs"},
		"Incident.opened_by":    {doc: "Who opened it; system for a rule", example: "system"},
		"Incident.opened_at":    {doc: "When it was opened", example: when},
		"Incident.contained_at": {doc: "Since when nothing bad leaves; left out while something can", example: when},
		"Incident.resolved_at":  {doc: "When nothing was owed any more", example: when},
		"Incident.closed_at":    {doc: "When it was closed, declined or merged", example: when},
		"Incident.roles":        {doc: "Who does what: an account, or operator", example: map[string]any{"commander": "acc_0123456789abcdefghjkmnpqrs"}},
		"Incident.version":      {doc: "Counts the changes; a change may name the version it was decided upon", example: 7},

		"IncidentLine.num":     {doc: "Number of the line, from 1", example: 4},
		"IncidentLine.by":      {doc: "Who wrote it; system for a rule", example: "system"},
		"IncidentLine.kind":    {doc: "What it is about", example: "moved", enum: enum(cordon.LineOpened, cordon.LineMoved, cordon.LineSeverity, cordon.LineChanged, cordon.LineRole, cordon.LineScope, cordon.LineLink, cordon.LineTask, cordon.LineNote, cordon.LineMerged, cordon.LineReview)},
		"IncidentLine.tenant":  {doc: "Whose people may read it too", example: "ten_0123456789abcdefghjkmnpqrs"},
		"IncidentLine.shared":  {doc: "Every affected tenant's people may read it", example: true},
		"IncidentLine.subject": {doc: "ID of what it is about", example: "stp_0123456789abcdefghjkmnpqrs"},
		"IncidentLine.text":    {doc: "In words", example: "investigating → contained: nothing bad has left, and nothing can"},

		"IncidentTask.num":        {doc: "Number of the task, from 1", example: 3},
		"IncidentTask.title":      {doc: "What is to be done", example: "Revoke the credential and issue a new one"},
		"IncidentTask.why":        {doc: "And why", example: "What was stolen is never used again."},
		"IncidentTask.role":       {doc: "Whose it is", example: "deputy", enum: enum(cordon.IncidentRoles()...)},
		"IncidentTask.required":   {doc: "Owed before the incident is resolved", example: true},
		"IncidentTask.action":     {doc: "An action item of the review: owed before the incident is closed", example: false},
		"IncidentTask.command":    {doc: "What to type", example: "cordon key revoke KEY"},
		"IncidentTask.link":       {doc: "Which page of the console to open", example: "/stop"},
		"IncidentTask.due_at":     {doc: "By when", example: when},
		"IncidentTask.state":      {doc: "Where it stands", example: "open", enum: enum(cordon.TaskOpen, cordon.TaskDone, cordon.TaskSkipped)},
		"IncidentTask.reason":     {doc: "Why it was skipped, or what came of it", example: "no copy left"},
		"IncidentTask.settled_by": {doc: "Who settled it", example: "acc_0123456789abcdefghjkmnpqrs"},
		"IncidentTask.settled_at": {doc: "When it was settled", example: when},

		"IncidentLink.noun":       {doc: "What it is", example: "stop", enum: enum(cordon.IncidentLinkNouns()...)},
		"IncidentLink.subject":    {doc: "Its ID", example: "stp_0123456789abcdefghjkmnpqrs"},
		"IncidentLink.recover":    {doc: "It was in foreign hands, and is owed until it is safe again", example: false},
		"IncidentLink.linked_by":  {doc: "Who linked it", example: "system"},
		"IncidentLink.linked_at":  {doc: "When", example: when},
		"IncidentLink.settled_by": {doc: "Who ended the stop, or said that it is safe again", example: "operator"},
		"IncidentLink.settled_at": {doc: "When", example: when},
		"IncidentLink.settled":    {doc: "In whose words", example: "owner confirmed by telephone"},

		"ScopeRow.num":           {doc: "Number of the row", example: 1},
		"ScopeRow.copies_before": {doc: "Copies of the same that left in the 24 hours before from, which are not counted", example: 12},
		"ScopeRow.from":          {doc: "Accepted at or after this time", example: when},
		"ScopeRow.until":         {doc: "Accepted before this time", example: "2026-11-22T05:10:00Z"},

		"Debt.kind": {doc: "What kind of debt", example: "open-task", enum: enum(cordon.DebtTenant, cordon.DebtFollowUp, cordon.DebtPromise, cordon.DebtAccount, cordon.DebtRegime, cordon.DebtTask, cordon.DebtReporter, cordon.DebtScope)},
		"Debt.text": {doc: "In one sentence", example: "the key is suspended: revoke it, or say why it is safe"},

		"Debt.subject": {doc: "ID of what it is about", example: "key_0123456789abcdefghjkmnpqrs"},
		"Debt.count":   {doc: "How many", example: 1},

		"FigureView.name":        {doc: "Name, as {{name}} quotes it", example: cordon.FigureRecipients, enum: anyOf(cordon.FigureNames())},
		"FigureView.value":       {doc: "A count, or minutes", example: 1005},
		"FigureView.at":          {doc: "Of a figure that is a moment", example: when},
		"FigureView.as_of":       {doc: "When it was computed", example: when},
		"FigureView.ledger_size": {doc: "And at which size of the ledger", example: 1834},

		"Figure.name":        {doc: "Name, as {{name}} quotes it", example: cordon.FigureRecipients, enum: anyOf(cordon.FigureNames())},
		"Figure.value":       {doc: "A count, or minutes", example: 1005},
		"Figure.at":          {doc: "Of a figure that is a moment", example: when},
		"Figure.as_of":       {doc: "When it was computed", example: when},
		"Figure.ledger_size": {doc: "And at which size of the ledger", example: 1834},

		"Affected.recipient": {doc: "The person, opaque", example: "rcp_0123456789abcdefghjkmnpqrs"},
		"Affected.dispatch":  {doc: "The first bad dispatch of which a copy left for this person", example: "dsp_0123456789abcdefghjkmnpqrs"},
		"Affected.state":     {doc: "delivered, or uncertain: perhaps", example: "delivered", enum: enum(cordon.Delivered, cordon.Uncertain)},
		"Affected.at":        {doc: "When the first copy left", example: when},
		"Affected.address":   {doc: "Never given here"},

		"IncidentContainment.at":         {doc: "When it was looked at", example: when},
		"IncidentContainment.contained":  {doc: "Nothing bad can leave any more", example: true},
		"IncidentContainment.known":      {doc: "Somebody, or a rule, has said which mail is bad", example: true},
		"IncidentContainment.open":       {doc: "What keeps it from being contained", example: []any{"key key_0123456789abcdefghjkmnpqrs is active, and no stop covers it"}},
		"IncidentContainment.queued":     {doc: "Bad copies that nothing keeps back", example: 0},
		"IncidentContainment.dispatches": {doc: "Bad dispatches", example: 2},
		"IncidentContainment.delivered":  {doc: "Bad copies delivered, or perhaps", example: 4},
		"IncidentContainment.tenants":    {doc: "Whose mail is bad", example: []any{"ten_0123456789abcdefghjkmnpqrs"}},
		"IncidentContainment.reached":    {doc: "Those of them of which a bad copy was delivered, or perhaps was", example: []any{"ten_0123456789abcdefghjkmnpqrs"}},

		"Postmortem.summary":    {doc: "What happened, for who was not there", example: "A key was stolen from a laptop."},
		"Postmortem.cause":      {doc: "Why it could happen", example: "The key had no end."},
		"Postmortem.went_well":  {doc: "What went well", example: "Stopped by itself after four guesses."},
		"Postmortem.went_badly": {doc: "What did not", example: "The first call went to somebody on leave."},
		"Postmortem.lucky":      {doc: "What only luck prevented", example: "It was a Sunday."},
		"Postmortem.written_by": {doc: "Who wrote it last", example: "acc_0123456789abcdefghjkmnpqrs"},
		"Postmortem.written_at": {doc: "When", example: when},

		"IncidentMeasures.incident":      {doc: "The incident", example: "inc_0123456789abcdefghjkmnpqrs"},
		"IncidentMeasures.number":        {doc: "What people call it: INC-<number>", example: 12},
		"IncidentMeasures.title":         {doc: "What went wrong", example: "Recipient IDs are being walked"},
		"IncidentMeasures.kind":          {doc: "Which playbook", example: "template-abuse", enum: enum(cordon.IncidentKinds()...)},
		"IncidentMeasures.severity":      {doc: "1 is the worst", example: "SEV-1", enum: severities},
		"IncidentMeasures.state":         {doc: "Where it stands", example: "closed", enum: enum(cordon.IncidentStates()...)},
		"IncidentMeasures.opened_at":     {doc: "When it was opened", example: when},
		"ttd":                            {doc: "First bad copy handed over → opened"},
		"tta":                            {doc: "Page sent → acknowledged"},
		"ttc":                            {doc: "Opened → last bad copy handed over"},
		"tti":                            {doc: "Opened → the last affected tenant's notice accepted"},
		"ttn":                            {doc: "Opened → the last follow-up accepted"},
		"ttr":                            {doc: "Opened → resolved"},
		"IncidentMeasures.first_copy_at": {doc: "When the first bad copy was handed over", example: when},
		"IncidentMeasures.last_copy_at":  {doc: "When the last was", example: when},
		"IncidentMeasures.recipients":    {doc: "People who got a bad copy, or perhaps did", example: 1005},
		"IncidentMeasures.tenants":       {doc: "Tenants whose people did", example: 1},
		"IncidentMeasures.accounts":      {doc: "Accounts that sent what was bad", example: 1},
		"IncidentMeasures.copies":        {doc: "Bad copies delivered, or perhaps", example: 1010},
		"Measure.known":                  {doc: "Whether it has come", example: true},
		"Measure.ms":                     {doc: "Milliseconds", example: 41000},
		"Measure.says":                   {doc: "From which moment it was counted, or why there is none", example: "from the first bad copy handed over"},
		"MeasureReport.exercises":        {doc: "These are exercises", example: false},
		"MeasureReport.whole":            {doc: "Over all of them, by measure"},
		"MeasureReport.months":           {doc: "By the month in which they were opened (UTC), oldest first"},
		"MeasureReport.incidents":        {doc: "Each of them, newest first"},
		"MeasureMonth.month":             {doc: "Month", example: "2026-11"},
		"MeasureMonth.incidents":         {doc: "How many were opened", example: 3},
		"MeasureMonth.recipients":        {doc: "People who got a bad copy, or perhaps did", example: 1005},
		"MeasureMonth.measures":          {doc: "By measure; one that no incident has is left out"},
		"MeasureSpread.n":                {doc: "Incidents that have it", example: 3},
		"MeasureSpread.median_ms":        {doc: "Median, milliseconds", example: 41000},
		"MeasureSpread.p90_ms":           {doc: "90th percentile, milliseconds", example: 93000},

		"Playbook.kind":         {doc: "Kind of incident", example: "template-abuse", enum: enum(cordon.IncidentKinds()...)},
		"Playbook.title":        {doc: "The kind in words", example: "Mail that nobody authorised"},
		"Playbook.says":         {doc: "What such an incident is", example: "Somebody sends through templates or keys that are not theirs."},
		"Playbook.own":          {doc: "From the house's own folder", example: false},
		"Playbook.tasks":        {doc: "What to do, in its order"},
		"PlaybookTask.title":    {doc: "What is to be done", example: "Take command"},
		"PlaybookTask.why":      {doc: "And why", example: "One person decides; everybody else knows whom to ask."},
		"PlaybookTask.role":     {doc: "Whose it is", example: "commander", enum: enum(cordon.IncidentRoles()...)},
		"PlaybookTask.due":      {doc: "How long after opening", example: "10m0s"},
		"PlaybookTask.required": {doc: "Owed before the incident is resolved", example: true},
		"PlaybookTask.command":  {doc: "What to type; <incident> is put in", example: "cordon incident scope list <incident>"},
		"PlaybookTask.link":     {doc: "Which page of the console to open", example: "/stop"},
	}
}

func anyOf(all []string) []any {
	out := make([]any, len(all))
	for i, s := range all {
		out[i] = s
	}
	return out
}
