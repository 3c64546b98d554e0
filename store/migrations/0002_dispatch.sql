-- Times are µs UTC, 0 = none. A tenant's dispatches and lanes draw their
-- numbers from one counter ("dispatch"), so that a bulk dispatch and its lane
-- can share a number without meeting a lane of single sends.

-- An accepted order. tenant_id, template, account, key_id, id and kind are what
-- a stop's scope is compared with: the same six stand in lane.
CREATE TABLE dispatch (
	tenant      BIGINT  NOT NULL,
	num         BIGINT  NOT NULL,
	id          TEXT    NOT NULL,
	tenant_id   TEXT    NOT NULL,
	kind        TEXT    NOT NULL,
	template    TEXT    NOT NULL,
	version     BIGINT  NOT NULL,
	hash        TEXT    NOT NULL,
	audience    TEXT    NOT NULL,
	actor       TEXT    NOT NULL,
	account     TEXT    NOT NULL,
	key_id      TEXT    NOT NULL,
	lane        BIGINT  NOT NULL,
	state       TEXT    NOT NULL,
	recipients  BIGINT  NOT NULL,
	accepted_at BIGINT  NOT NULL,
	not_before  BIGINT  NOT NULL,
	exercise    BOOLEAN NOT NULL,
	has_values  BOOLEAN NOT NULL,
	reasons     TEXT    NOT NULL,
	provenance  {{blob}},
	touched_at  BIGINT  NOT NULL,
	done_at     BIGINT  NOT NULL,
	PRIMARY KEY (tenant, num)
);
CREATE UNIQUE INDEX dispatch_id ON dispatch (id);
CREATE INDEX dispatch_time ON dispatch (tenant, accepted_at, id);
CREATE INDEX dispatch_key ON dispatch (key_id, accepted_at);
CREATE INDEX dispatch_template ON dispatch (template, accepted_at);
CREATE INDEX dispatch_all_time ON dispatch (accepted_at, id);
-- What a sweep and a clean-up must look at: everything that is not over.
CREATE INDEX dispatch_live ON dispatch (tenant, lane, num) WHERE state <> 'done';
CREATE INDEX dispatch_accepting ON dispatch (touched_at) WHERE state = 'accepting';
CREATE INDEX dispatch_void ON dispatch (tenant, num) WHERE state = 'void';

-- A dispatch (bulk), or the stream of single sends of one (tenant, credential,
-- template). Its counters move in the transaction that moves the copies.
CREATE TABLE lane (
	tenant      BIGINT NOT NULL,
	num         BIGINT NOT NULL,
	tenant_id   TEXT   NOT NULL,
	kind        TEXT   NOT NULL,
	template    TEXT   NOT NULL,
	account     TEXT   NOT NULL,
	key_id      TEXT   NOT NULL,
	dispatch_id TEXT   NOT NULL,
	next_due    BIGINT, -- NULL: nothing is due, ever; 0: at once
	queued      BIGINT NOT NULL DEFAULT 0,
	sending     BIGINT NOT NULL DEFAULT 0,
	delivered   BIGINT NOT NULL DEFAULT 0,
	deferred    BIGINT NOT NULL DEFAULT 0,
	bounced     BIGINT NOT NULL DEFAULT 0,
	uncertain   BIGINT NOT NULL DEFAULT 0,
	held        BIGINT NOT NULL DEFAULT 0,
	cut         BIGINT NOT NULL DEFAULT 0,
	refused     BIGINT NOT NULL DEFAULT 0,
	first_at    BIGINT NOT NULL DEFAULT 0, -- of delivered copies
	last_at     BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, num)
);
CREATE UNIQUE INDEX lane_single ON lane (tenant, account, key_id, template) WHERE kind = 'single';
CREATE INDEX lane_dispatch ON lane (dispatch_id) WHERE kind = 'bulk';
CREATE INDEX lane_due ON lane (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX lane_held ON lane (tenant, num) WHERE held > 0;

-- One recipient's copy. Rows are kept small and of one size through their life
-- (due and at are always eight bytes or none, node is a small number), so that
-- sending does not split the pages that accepting filled. perhaps: some try of
-- it was perhaps delivered; from then on it is uncertain, being tried again, or
-- known to be delivered, and nothing else.
CREATE TABLE delivery (
	tenant    BIGINT NOT NULL,
	dispatch  BIGINT NOT NULL,
	seq       BIGINT NOT NULL,
	recipient BIGINT NOT NULL,
	lane      BIGINT NOT NULL,
	due       BIGINT NOT NULL,
	at        BIGINT NOT NULL,
	attempts  BIGINT NOT NULL,
	node      BIGINT,
	perhaps   BOOLEAN NOT NULL DEFAULT FALSE,
	state     TEXT   NOT NULL,
	reply     TEXT,
	PRIMARY KEY (tenant, dispatch, seq),
	CHECK (CASE WHEN perhaps THEN state IN ('uncertain', 'sending', 'delivered') ELSE state <> 'uncertain' END)
) {{norowid}};
-- Claim by lane: the open rows of one lane in the order of their turn.
CREATE INDEX delivery_open ON delivery (tenant, lane, due, dispatch, seq)
	WHERE state IN ('queued', 'deferred', 'uncertain');
CREATE INDEX delivery_sending ON delivery (node, tenant, dispatch, seq) WHERE state = 'sending';
CREATE INDEX delivery_held ON delivery (tenant, lane, dispatch, seq) WHERE state = 'held';

-- The values an order gave for one recipient, sealed. line is where they stood.
CREATE TABLE delivery_value (
	tenant    BIGINT NOT NULL,
	dispatch  BIGINT NOT NULL,
	recipient BIGINT NOT NULL,
	line      BIGINT NOT NULL,
	sealed    {{blob}} NOT NULL,
	PRIMARY KEY (tenant, dispatch, recipient)
) {{norowid}};

CREATE TABLE idempotency (
	tenant   BIGINT NOT NULL,
	actor    TEXT   NOT NULL,
	key      TEXT   NOT NULL,
	digest   {{blob}} NOT NULL,
	dispatch TEXT   NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (tenant, actor, key)
);

-- Copies accepted, by the hour: what "the busiest hour of 28 days" is read from.
CREATE TABLE usage_hour (
	tenant BIGINT NOT NULL,
	hour   BIGINT NOT NULL,
	key_id TEXT   NOT NULL,
	kind   TEXT   NOT NULL,
	copies BIGINT NOT NULL,
	PRIMARY KEY (tenant, hour, key_id, kind)
);

CREATE TABLE node (
	num     BIGINT NOT NULL PRIMARY KEY,
	name    TEXT   NOT NULL UNIQUE,
	seen_at BIGINT NOT NULL
);

-- Standing containment orders. A part of the scope that is '' is not given.
CREATE TABLE stop (
	num         BIGINT  NOT NULL PRIMARY KEY,
	id          TEXT    NOT NULL UNIQUE,
	everything  BOOLEAN NOT NULL,
	tenant      TEXT    NOT NULL,
	template    TEXT    NOT NULL,
	account     TEXT    NOT NULL,
	key_id      TEXT    NOT NULL,
	dispatch    TEXT    NOT NULL,
	kind        TEXT    NOT NULL,
	reason      TEXT    NOT NULL,
	placed_by   TEXT    NOT NULL,
	placed_at   BIGINT  NOT NULL,
	until_at    BIGINT  NOT NULL,
	lifted_by   TEXT    NOT NULL DEFAULT '',
	lifted_at   BIGINT  NOT NULL DEFAULT 0,
	disposition TEXT    NOT NULL DEFAULT '',
	answer      TEXT    NOT NULL
);
CREATE INDEX stop_standing ON stop (num) WHERE lifted_at = 0;

CREATE TABLE signal (
	num      BIGINT NOT NULL PRIMARY KEY,
	id       TEXT   NOT NULL UNIQUE,
	kind     TEXT   NOT NULL,
	grade    TEXT   NOT NULL,
	tenant   TEXT   NOT NULL,
	actor    TEXT   NOT NULL,
	account  TEXT   NOT NULL,
	key_id   TEXT   NOT NULL,
	template TEXT   NOT NULL,
	dispatch TEXT   NOT NULL,
	count    BIGINT NOT NULL,
	message  TEXT   NOT NULL,
	at       BIGINT NOT NULL
);
CREATE INDEX signal_tenant ON signal (tenant, num);
CREATE INDEX signal_key ON signal (key_id, kind, at) WHERE key_id <> '';

CREATE TABLE checkpoint (
	size BIGINT NOT NULL PRIMARY KEY,
	root TEXT   NOT NULL,
	at   BIGINT NOT NULL,
	note TEXT   NOT NULL
);

-- What an assessment asks of the ledger.
CREATE INDEX entry_refused ON entry (tenant, at) WHERE kind = 'order.refused';
CREATE INDEX entry_reads_tenant ON entry (tenant, at) WHERE kind = 'personal-data.read';
