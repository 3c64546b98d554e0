-- Types: TEXT, BIGINT (times in µs UTC, 0 = none), BOOLEAN, {{blob}}.
-- The tenant's number leads the key of everything that grows with its people.

-- The last number given, by noun; tx.take draws from it.
CREATE TABLE counter (
	tenant BIGINT NOT NULL, -- 0: of the whole installation
	noun   TEXT   NOT NULL,
	last   BIGINT NOT NULL,
	PRIMARY KEY (tenant, noun)
) {{norowid}};

CREATE TABLE tenant (
	num           BIGINT  NOT NULL PRIMARY KEY,
	id            TEXT    NOT NULL UNIQUE,
	handle        TEXT    NOT NULL UNIQUE,
	name          TEXT    NOT NULL,
	state         TEXT    NOT NULL,
	created_at    BIGINT  NOT NULL,
	first_bulk_at BIGINT  NOT NULL,
	exercise      BOOLEAN NOT NULL
);

-- The tenant's data key, wrapped by the master key. Erasing the tenant deletes
-- this row and nothing else needs to go.
CREATE TABLE tenant_key (
	tenant  BIGINT   NOT NULL PRIMARY KEY,
	wrapped {{blob}} NOT NULL
);

CREATE TABLE tenant_limit (
	tenant BIGINT NOT NULL PRIMARY KEY,
	body   TEXT   NOT NULL -- JSON, over the defaults
);

CREATE TABLE domain (
	tenant     BIGINT   NOT NULL,
	name       TEXT     NOT NULL,
	selector   TEXT     NOT NULL,
	record     TEXT     NOT NULL,
	sealed_key {{blob}} NOT NULL, -- PKCS #8
	created_at BIGINT   NOT NULL,
	PRIMARY KEY (tenant, name)
) {{norowid}};

CREATE TABLE account (
	id         TEXT   NOT NULL PRIMARY KEY,
	tenant     TEXT   NOT NULL, -- '': of the whole installation
	name       TEXT   NOT NULL,
	role       TEXT   NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX account_tenant ON account (tenant, id);

CREATE TABLE api_key (
	id           TEXT     NOT NULL PRIMARY KEY,
	tenant       TEXT     NOT NULL,
	account      TEXT     NOT NULL,
	name         TEXT     NOT NULL,
	permissions  TEXT     NOT NULL, -- JSON
	secret_hash  {{blob}} NOT NULL UNIQUE,
	state        TEXT     NOT NULL,
	state_reason TEXT     NOT NULL,
	created_at   BIGINT   NOT NULL,
	expires_at   BIGINT   NOT NULL,
	last_used_at BIGINT   NOT NULL
);
CREATE INDEX api_key_tenant ON api_key (tenant, id);

CREATE TABLE session (
	hash       {{blob}} NOT NULL PRIMARY KEY,
	kind       TEXT     NOT NULL, -- link (taken once) or session
	account    TEXT     NOT NULL, -- '': the operator
	created_at BIGINT   NOT NULL,
	expires_at BIGINT   NOT NULL
);
CREATE INDEX session_expires ON session (expires_at);

-- Which bit of recipient.fields a field name has.
CREATE TABLE field (
	tenant BIGINT NOT NULL,
	name   TEXT   NOT NULL,
	bit    BIGINT NOT NULL, -- 0 … 62
	PRIMARY KEY (tenant, name)
) {{norowid}};

CREATE TABLE tag (
	tenant BIGINT NOT NULL,
	num    BIGINT NOT NULL,
	name   TEXT   NOT NULL,
	PRIMARY KEY (tenant, num)
);
CREATE UNIQUE INDEX tag_name ON tag (tenant, name);

-- Kept by hand with every change, so that nobody counts a million rows; its
-- lock also puts the changes to one tenant's recipients in a row.
CREATE TABLE headcount (
	tenant BIGINT NOT NULL PRIMARY KEY,
	last   BIGINT NOT NULL, -- the highest recipient.num given out
	active BIGINT NOT NULL, -- without decoys
	decoys BIGINT NOT NULL
);

CREATE TABLE recipient (
	tenant       BIGINT   NOT NULL,
	num          BIGINT   NOT NULL,
	id           TEXT     NOT NULL,
	external_ref TEXT     NOT NULL,
	blind        {{blob}} NOT NULL, -- finds an address without holding it
	sealed       {{blob}} NOT NULL, -- name, address, fields
	fields       BIGINT   NOT NULL, -- which fields are there
	state        TEXT     NOT NULL,
	decoy        BOOLEAN  NOT NULL,
	suppressed   BOOLEAN  NOT NULL, -- follows table suppression
	tags         TEXT     NOT NULL, -- JSON: numbers of tag, ascending; recipient_tag has them the other way round
	updated_at   BIGINT   NOT NULL,
	PRIMARY KEY (tenant, num)
);
CREATE UNIQUE INDEX recipient_id ON recipient (tenant, id);
CREATE UNIQUE INDEX recipient_ref ON recipient (tenant, external_ref) WHERE external_ref <> '';
-- Half of it is enough to find and keeps the index, random by nature, small.
CREATE INDEX recipient_blind ON recipient (tenant, substr(blind, 1, 8));
CREATE INDEX recipient_unreferenced ON recipient (tenant, substr(blind, 1, 8))
	WHERE external_ref = '' AND state = 'active' AND NOT decoy;
-- Everybody who may be in an audience; answers counts and choices by itself.
CREATE INDEX recipient_mailable ON recipient (tenant, num, fields)
	WHERE state = 'active' AND NOT decoy AND NOT suppressed;
CREATE INDEX recipient_decoy ON recipient (tenant, num) WHERE decoy;

CREATE TABLE recipient_tag (
	tenant    BIGINT NOT NULL,
	tag       BIGINT NOT NULL,
	recipient BIGINT NOT NULL,
	PRIMARY KEY (tenant, tag, recipient)
) {{norowid}};

CREATE TABLE suppression (
	tenant BIGINT   NOT NULL,
	blind  {{blob}} NOT NULL,
	reason TEXT     NOT NULL,
	at     BIGINT   NOT NULL,
	PRIMARY KEY (tenant, blind)
) {{norowid}};

CREATE TABLE audience (
	tenant     BIGINT NOT NULL,
	id         TEXT   NOT NULL,
	handle     TEXT   NOT NULL,
	filter     TEXT   NOT NULL, -- JSON
	created_at BIGINT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX audience_handle ON audience (tenant, handle);

CREATE TABLE template (
	tenant     BIGINT NOT NULL,
	id         TEXT   NOT NULL,
	handle     TEXT   NOT NULL,
	latest     BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX template_handle ON template (tenant, handle);

CREATE TABLE version (
	tenant        BIGINT NOT NULL,
	template      TEXT   NOT NULL,
	number        BIGINT NOT NULL,
	content       TEXT   NOT NULL, -- JSON
	hash          TEXT   NOT NULL,
	state         TEXT   NOT NULL,
	author        TEXT   NOT NULL,
	created_at    BIGINT NOT NULL,
	approver      TEXT   NOT NULL,
	approved_at   BIGINT NOT NULL,
	approved_hash TEXT   NOT NULL,
	PRIMARY KEY (tenant, template, number)
);

CREATE TABLE entry (
	num     BIGINT NOT NULL PRIMARY KEY,
	at      BIGINT NOT NULL,
	kind    TEXT   NOT NULL,
	tenant  TEXT   NOT NULL,
	actor   TEXT   NOT NULL,
	subject TEXT   NOT NULL,
	body    TEXT   NOT NULL
) {{norowid}};
CREATE INDEX entry_subject ON entry (subject, num);
CREATE INDEX entry_tenant ON entry (tenant, num);
CREATE INDEX entry_reads ON entry (actor, at) WHERE kind = 'personal-data.read';
{{guard entry}};

CREATE TABLE entry_hash (
	num  BIGINT   NOT NULL PRIMARY KEY, -- tlog.StoredHashIndex
	hash {{blob}} NOT NULL
) {{norowid}};
{{guard entry_hash}};

CREATE TABLE ledger_head (
	one  BIGINT   NOT NULL PRIMARY KEY,
	size BIGINT   NOT NULL,
	edge {{blob}} NOT NULL
);
INSERT INTO ledger_head (one, size, edge) VALUES (1, 0, {{unhex ''}});
