package api

import "github.com/cordonmail/cordon"

// word describes one property of the root package's types, which carry no tags
// for one edge. GLOSSARY.md has the long form.
type word struct {
	doc     string
	example any
	enum    []any
}

func enum[T ~string](values ...T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// words names properties: "Type.property" first, then "property" for all types.
func words() map[string]word {
	all := map[string]word{}
	for _, part := range []map[string]word{commonWords(), catalogWords(), recipientWords(), templateWords(), mailWords(), sizeWords(), drillWords(), holdWords(), watchWords(), noticeWords(), reportWords(), incidentWords(), genuineWords(), onCallWords(), announcementWords(), inspectWords(), toldWords()} {
		for name, w := range part {
			all[name] = w
		}
	}
	return all
}

func commonWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"id":         {doc: "Opaque identifier: a prefix that names the noun, and 130 random bits", example: "ten_0123456789abcdefghjkmnpqrs"},
		"tenant":     {doc: "Tenant it belongs to", example: "ten_0123456789abcdefghjkmnpqrs"},
		"account":    {doc: "Account it is about", example: "acc_0123456789abcdefghjkmnpqrs"},
		"key":        {doc: "Key it is about", example: "key_0123456789abcdefghjkmnpqrs"},
		"template":   {doc: "Template's ID", example: "tpl_0123456789abcdefghjkmnpqrs"},
		"dispatch":   {doc: "Dispatch's ID", example: "dsp_0123456789abcdefghjkmnpqrs"},
		"audience":   {doc: "Audience's ID", example: "aud_0123456789abcdefghjkmnpqrs"},
		"actor":      {doc: "Who did it, as the ledger names actors", example: "key_0123456789abcdefghjkmnpqrs"},
		"handle":     {doc: "Short name: a-z, 0-9 and - inside", example: "northside"},
		"name":       {doc: "Name, for people", example: "Northside Physiotherapy"},
		"created_at": {doc: "When it was made", example: when},
		"expires_at": {doc: "When it ends by itself; left out for never", example: "2027-01-01T00:00:00Z"},
		"at":         {doc: "When", example: when},
		"from":       {doc: "From this time on", example: when},
		"until":      {doc: "Before this time", example: "2026-11-23T00:00:00Z"},
		"message":    {doc: "In words", example: "is missing"},
		"exercise":   {doc: "Whether it belongs to a drill", example: false},
		"kind":       {doc: "bulk went to an audience, single to named recipients", example: "bulk", enum: enum(cordon.Bulk, cordon.Single)},

		"Fault.line":   {doc: "Line of the input, from 1; left out when it has no lines", example: 17},
		"Fault.field":  {doc: "Field, in the caller's terms", example: "email"},
		"Fault.remedy": {doc: "What to do about it", example: "give one address like person@example.org"},
	}
}

func catalogWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"Tenant.state":           {doc: "active, or erased for good", example: "active", enum: enum(cordon.TenantActive, cordon.TenantErased)},
		"Tenant.first_bulk_at":   {doc: "First approved bulk send; it ended the limits of a new tenant", example: when},
		"SharedText.fingerprint": {doc: "Fingerprint of the text, its merge values masked", example: "9f3a0c11d2e45b67"},
		"SharedText.tenant":      {doc: "Tenant of the version it was read from", example: "tnt_01hzx3v5k8w2m4n6p8q0r2s4t6"},
		"SharedText.template":    {doc: "Template of that version", example: "tpl_01hzx3v5k8w2m4n6p8q0r2s4t6"},
		"SharedText.version":     {doc: "Number of that version", example: 3},
		"SharedText.approved_by": {doc: "Who approved it", example: "operator"},
		"SharedText.approved_at": {doc: "When it was approved", example: "2026-11-22T09:00:00Z"},
		"LinkHost.name":          {doc: "The host, lower case, A-label form; what lies under it is covered", example: "maps.example.org"},
		"LinkHost.tenant":        {doc: "Whose letters may link there", example: "tnt_01hzx3v5k8w2m4n6p8q0r2s4t6"},
		"LinkHost.approved_by":   {doc: "Who approved it: an account, a key, operator or system", example: "operator"},
		"LinkHost.approved_at":   {doc: "When it was approved", example: "2026-11-22T09:00:00Z"},
		"Domain.name":            {doc: "Domain, lower case, A-label form", example: "northside.example"},
		"Domain.selector":        {doc: "DKIM selector", example: "cordon1"},
		"Domain.record":          {doc: "TXT record to publish at <selector>._domainkey.<name>", example: "v=DKIM1; k=rsa; p=MIIB…"},
		"Account.role": {doc: "Fixed set of permissions", example: "author",
			enum: enum(cordon.RoleOperator, cordon.RoleResponder, cordon.RoleAuthor, cordon.RoleApprover, cordon.RoleSender, cordon.RoleViewer)},
		"Account.tenant":   {doc: "Tenant it is bound to; left out for the whole installation", example: "ten_0123456789abcdefghjkmnpqrs"},
		"Key.tenant":       {doc: "Tenant it is bound to; left out for the whole installation", example: "ten_0123456789abcdefghjkmnpqrs"},
		"Key.permissions":  {doc: "What the key may do", example: []any{"send.single"}, enum: enum(cordon.Permissions()...)},
		"permissions":      {enum: enum(cordon.Permissions()...)},
		"Key.state":        {doc: "active, suspended, or revoked for good", example: "active", enum: enum(cordon.KeyActive, cordon.KeySuspended, cordon.KeyRevoked)},
		"Key.state_reason": {doc: "Why it is in this state", example: "5 unknown recipient IDs in 60 s"},
		"Key.last_used_at": {doc: "When it was last used", example: when},
	}
}

func recipientWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"external_ref":         {doc: "The tenant's own reference", example: "P-10234"},
		"Recipient.tags":       {doc: "Tags, for audiences", example: []any{"recall"}},
		"Recipient.state":      {doc: "active, or erased for good", example: "active", enum: enum(cordon.RecipientActive, cordon.RecipientErased)},
		"Recipient.updated_at": {doc: "When it last changed", example: when},
		"Person.name":          {doc: "The person's name", example: "Alex Example"},
		"Person.address":       {doc: "The person's mail address", example: "person@example.org"},
		"Person.fields":        {doc: "Other personal fields, by name"},
		"filter":               {doc: "Who is in it, by tags"},
		"Filter.everyone":      {doc: "Everybody; it must be said", example: false},
		"Filter.all":           {doc: "Tags that must all be there", example: []any{"recall"}},
		"Filter.any":           {doc: "Tags of which one must be there", example: []any{"north", "south"}},
		"Filter.none":          {doc: "Tags that must not be there", example: []any{"opted-out"}},
	}
}

func templateWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"Template.latest":        {doc: "Number of the newest version", example: 3},
		"Version.number":         {doc: "Number, from 1", example: 3},
		"Version.content":        {doc: "The text: everything approval covers"},
		"Version.hash":           {doc: "SHA-256 over the content; approval is bound to it", example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		"Version.state":          {doc: "draft, approved, or revoked for good", example: "draft", enum: enum(cordon.VersionDraft, cordon.VersionApproved, cordon.VersionRevoked)},
		"Version.author":         {doc: "Who wrote it", example: "acc_0123456789abcdefghjkmnpqrs"},
		"Version.approver":       {doc: "Who approved it: somebody else", example: "acc_0123456789abcdefghjkmnpqrt"},
		"Version.approved_at":    {doc: "When it was approved", example: when},
		"Version.approved_hash":  {doc: "The hash the approver saw", example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		"Content.from_name":      {doc: "Name shown as the sender", example: "Northside Physiotherapy"},
		"Content.from_address":   {doc: "Sender's address", example: "care@northside.example"},
		"Content.reply_to":       {doc: "Where answers go", example: "desk@northside.example"},
		"Content.subject":        {doc: "Subject, with merge fields", example: "Your visit, {{first_name}}"},
		"Content.text":           {doc: "Plain text body", example: "Dear {{first_name}}, please ring us."},
		"Content.html":           {doc: "HTML body", example: "<p>Dear {{first_name}}, please ring us.</p>"},
		"Content.fields":         {doc: "Merge fields the letter uses"},
		"Content.link_hosts":     {doc: "Hosts that links may name", example: []any{"northside.example"}},
		"Field.name":             {doc: "Name", example: "first_name"},
		"Field.type":             {doc: "What a value may look like", example: "name", enum: enum(cordon.FieldText, cordon.FieldPerson, cordon.FieldDate, cordon.FieldTime, cordon.FieldNumber, cordon.FieldPhone, cordon.FieldEmail)},
		"Field.source":           {doc: "recipient: a sealed personal field; order: a row given with the order", example: "recipient", enum: enum(cordon.FromRecipient, cordon.FromOrder)},
		"Field.optional":         {doc: "Whether it may be missing", example: false},
		"Field.max_length":       {doc: "Longest value in bytes; 0 means 200", example: 200},
		"AudienceCount.tenant":   {doc: "Tenant it belongs to", example: "ten_0123456789abcdefghjkmnpqrs"},
		"Progress.phase":         {doc: "reading, checking or writing", example: "writing"},
		"Progress.bytes":         {doc: "Bytes done", example: 1048576},
		"Progress.of":            {doc: "What bytes or rows grow to; 0 while that is not known", example: 5000},
		"Progress.rows":          {doc: "Rows done", example: 2500},
		"Progress.bad":           {doc: "Bad rows so far", example: 0},
		"Limits.check_timeout":   {doc: "A check slower than this holds", example: "2s"},
		"KeyRequest.permissions": {doc: "What the key may do", example: []any{"send.single"}},
	}
}

func mailWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"Dispatch.version":    {doc: "Version that was sent", example: 3},
		"Dispatch.hash":       {doc: "Hash of the content that was approved and accepted", example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		"Dispatch.state":      {doc: "open: its copies may leave; held: a person must release it; done: nothing is left to do", example: "open", enum: enum(cordon.DispatchAccepting, cordon.DispatchOpen, cordon.DispatchHeld, cordon.DispatchDone, cordon.DispatchDiscarded)},
		"Dispatch.recipients": {doc: "Copies in all", example: 4873},
		"accepted_at":         {doc: "When it was accepted", example: when},
		"not_before":          {doc: "End of the undo window: nothing leaves before", example: when},
		"reasons":             {doc: "Why it was decided so, check by check"},
		"counts":              {doc: "Where its copies stand"},
		"Reason.check":        {doc: "The check", example: "approve"},
		"decision":            {doc: "What it came to; undecided counts as hold", example: "pass"},

		"queued":    {doc: "Copies that wait for their turn", example: 3633},
		"sending":   {doc: "Copies claimed by a node", example: 20},
		"delivered": {doc: "Copies the relay took", example: 1240},
		"deferred":  {doc: "Copies that wait for another try", example: 0},
		"bounced":   {doc: "Copies the far side refused for good", example: 3},
		"uncertain": {doc: "Copies perhaps delivered: the connection was lost after the final dot", example: 0},
		"held":      {doc: "Copies kept back by a stop or a hold", example: 0},
		"cut":       {doc: "Copies a person discarded", example: 0},
		"refused":   {doc: "Copies the exit refused", example: 0},
		"in_flight": {doc: "Copies past the last look when the stop took hold, not recorded yet", example: 3},
		"unknown":   {doc: "Copies whose fate is not known: perhaps delivered", example: 0},

		"Scope.everything": {doc: "The whole installation", example: false},
		"Scope.kind":       {doc: "Only bulk, or only single", example: "bulk", enum: enum(cordon.Bulk, cordon.Single)},
		"scope":            {doc: "What it covers"},
	}
}

func sizeWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"first_at":                {doc: "When the first copy left", example: when},
		"last_at":                 {doc: "When the last copy left", example: when},
		"Entry.num":               {doc: "Position in the log, from 0", example: 17},
		"Entry.kind":              {doc: "What kind of fact", example: "stop.placed"},
		"Entry.subject":           {doc: "ID of what it is about", example: "stp_0123456789abcdefghjkmnpqrs"},
		"Entry.body":              {doc: "The fact: IDs, counts and operators' words, never personal data"},
		"Signal.kind":             {doc: "What was seen", example: "decoy"},
		"Signal.grade":            {doc: "How much it asks for", example: "incident", enum: enum(cordon.GradeNote, cordon.GradeWarning, cordon.GradeIncident)},
		"Signal.count":            {doc: "How many", example: 5},
		"Signal.message":          {doc: "What was seen, in words", example: "a decoy was named: the list of IDs was stolen"},
		"DecoyArrival.label":      {doc: "What the decoy was planted with", example: "autumn export"},
		"DecoyArrival.planted_at": {doc: "When the decoy was planted", example: when},
		"DecoyArrival.retired_at": {doc: "When it was replaced; such a decoy stays a trap", example: when},
		"DecoyArrival.sender":     {doc: "Domain of the envelope's sender", example: "shop.example"},
		"DecoyArrival.network":    {doc: "Network it came from: a /24, or a /48 of IPv6", example: "192.0.2.0/24"},
		"DecoyArrival.size":       {doc: "Bytes of the first", example: 4096},
		"DecoyArrival.print":      {doc: "Fingerprint of the first one's content", example: "9f86d081884c7d65"},
		"DecoyArrival.probe":      {doc: "The address was asked for, and no message followed", example: false},
		"DecoyArrival.copies":     {doc: "How many within the hour", example: 1},
		"DecoyArrival.first_at":   {doc: "When the first came", example: when},
		"DecoyArrival.last_at":    {doc: "When the last came", example: when},
		"size":                    {doc: "Entries in the ledger", example: 1834},
		"root":                    {doc: "Root hash, base64", example: "y3T0a9c9mD1bQ6o1m0Z0p3nq5G2b0l8r2s4t6u8v0w0="},
		"note":                    {doc: "Signed note: C2SP tlog-checkpoint"},
		"Witnessing.asked":        {doc: "Witnesses that each checkpoint is shown to", example: []any{"witness.example/w1"}},
		"Witnessing.signed":       {doc: "Who signed that size", example: []any{"witness.example/w1"}},
		"Witnessing.size":         {doc: "Greatest size that one of them signed; 0: none yet", example: 1800},
		"Witnessing.at":           {doc: "When the checkpoint of that size was signed here", example: "2026-11-22T04:58:00Z"},
	}
}
