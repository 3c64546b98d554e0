-- Times are µs UTC, 0 = none.

-- Whom to tell at a tenant. sealed holds name and address, under the tenant's key.
CREATE TABLE tenant_contact (
	tenant     BIGINT   NOT NULL,
	id         TEXT     NOT NULL,
	role       TEXT     NOT NULL,
	language   TEXT     NOT NULL,
	domain     TEXT     NOT NULL,
	sealed     {{blob}} NOT NULL,
	created_at BIGINT   NOT NULL,
	PRIMARY KEY (tenant, id)
);

-- What a tenant said about itself for the day on which it must be told: language
-- of its people, laws it is under. Tenant 0 is the installation.
CREATE TABLE notice_setting (
	tenant        BIGINT NOT NULL PRIMARY KEY,
	language      TEXT   NOT NULL,
	jurisdictions TEXT   NOT NULL, -- JSON
	set_by        TEXT   NOT NULL,
	set_at        BIGINT NOT NULL
);

-- What is told about an incident, each revision of each notice. Rows are added;
-- of an existing one only state, approval and the figures approved are written.
CREATE TABLE notice_facts (
	incident    TEXT   NOT NULL,
	seq         BIGINT NOT NULL, -- 1: the notice; every further one a correction
	revision    BIGINT NOT NULL,
	state       TEXT   NOT NULL, -- draft, approved, superseded
	texts       TEXT   NOT NULL, -- JSON
	figures     TEXT   NOT NULL, -- JSON
	why         TEXT   NOT NULL,
	changes     TEXT   NOT NULL, -- JSON
	written_by  TEXT   NOT NULL,
	written_at  BIGINT NOT NULL,
	approved_by TEXT   NOT NULL,
	approved_at BIGINT NOT NULL,
	PRIMARY KEY (incident, seq, revision)
);
CREATE INDEX notice_facts_approved ON notice_facts (incident) WHERE state = 'approved';

-- What each affected tenant is owed of a notice. state: planned, told,
-- told-otherwise. follow_up: '', planned, written, accepted, nobody, waived.
CREATE TABLE notice_telling (
	tenant      BIGINT NOT NULL,
	incident    TEXT   NOT NULL,
	seq         BIGINT NOT NULL,
	state       TEXT   NOT NULL,
	told_at     BIGINT NOT NULL,
	told_by     TEXT   NOT NULL,
	because     TEXT   NOT NULL,
	counts      TEXT   NOT NULL, -- JSON, of the moment of telling
	follow_up   TEXT   NOT NULL,
	template    TEXT   NOT NULL,
	version     BIGINT NOT NULL,
	dispatch    TEXT   NOT NULL,
	followed_by TEXT   NOT NULL,
	followed_at BIGINT NOT NULL,
	waived      TEXT   NOT NULL,
	PRIMARY KEY (tenant, incident, seq)
);
CREATE INDEX notice_telling_incident ON notice_telling (incident, seq, tenant);
CREATE INDEX notice_telling_open ON notice_telling (incident, seq, tenant) WHERE state = 'planned' OR follow_up IN ('planned', 'written');

-- The regimes as they were when the incident was opened.
CREATE TABLE incident_regime (
	incident TEXT   NOT NULL,
	regime   TEXT   NOT NULL,
	num      BIGINT NOT NULL, -- their order
	body     TEXT   NOT NULL, -- JSON
	PRIMARY KEY (incident, regime)
);

-- For which tenants the clocks were set, be it none: a tenant may be under no
-- regime at all.
CREATE TABLE clock_set (
	incident TEXT   NOT NULL,
	tenant   BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (incident, tenant)
);

CREATE TABLE clock (
	tenant     BIGINT NOT NULL,
	incident   TEXT   NOT NULL,
	regime     TEXT   NOT NULL,
	starts_at  BIGINT NOT NULL,
	due_at     BIGINT NOT NULL,
	met_by     TEXT   NOT NULL, -- what of ours meets it by itself
	decision   TEXT   NOT NULL, -- undecided, applies, does-not-apply
	because    TEXT   NOT NULL,
	decided_by TEXT   NOT NULL,
	decided_at BIGINT NOT NULL,
	met_at     BIGINT NOT NULL,
	met_how    TEXT   NOT NULL,
	paged      BIGINT NOT NULL, -- percent of its time of which somebody was paged
	PRIMARY KEY (tenant, incident, regime)
);
CREATE INDEX clock_incident ON clock (incident, regime, tenant);
CREATE INDEX clock_running ON clock (due_at) WHERE met_at = 0 AND decision IN ('undecided', 'applies') AND due_at > 0;
