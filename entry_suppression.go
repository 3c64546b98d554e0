package cordon

// EntryUnsuppressed is the fact that an address may be mailed again.
const EntryUnsuppressed EntryKind = "suppression.removed"
