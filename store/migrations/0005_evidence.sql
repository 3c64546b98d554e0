-- What came back about copies, counted in the transaction that records the
-- tries: a row for each lane and slot of ten seconds, so that a send of a million
-- writes a few hundred. slot is µs UTC / 10,000,000. template, account, key_id
-- and kind repeat the lane's, so that a window over any of them is one range.
CREATE TABLE evidence (
	tenant    BIGINT NOT NULL,
	lane      BIGINT NOT NULL,
	slot      BIGINT NOT NULL,
	kind      TEXT   NOT NULL,
	template  TEXT   NOT NULL,
	account   TEXT   NOT NULL,
	key_id    TEXT   NOT NULL,
	delivered BIGINT NOT NULL,
	bounces   BIGINT NOT NULL,
	policy    BIGINT NOT NULL,
	errors    BIGINT NOT NULL,
	PRIMARY KEY (tenant, lane, slot)
) {{norowid}};
CREATE INDEX evidence_template ON evidence (tenant, template, slot) WHERE template <> '';
CREATE INDEX evidence_key ON evidence (tenant, key_id, slot) WHERE key_id <> '';
CREATE INDEX evidence_tenant ON evidence (tenant, slot);
CREATE INDEX evidence_slot ON evidence (slot);

-- The latest run of failed tries with nothing else between, of a bulk dispatch
-- or a key (subject is its ID).
CREATE TABLE error_run (
	tenant  BIGINT NOT NULL,
	subject TEXT   NOT NULL,
	errors  BIGINT NOT NULL,
	at      BIGINT NOT NULL,
	PRIMARY KEY (tenant, subject)
) {{norowid}};

-- Complaints and reports, each recipient of a dispatch once for each word.
CREATE TABLE complaint (
	tenant        BIGINT  NOT NULL,
	num           BIGINT  NOT NULL,
	id            TEXT    NOT NULL,
	dispatch      TEXT    NOT NULL,
	recipient     TEXT    NOT NULL,
	word          TEXT    NOT NULL,
	authenticated BOOLEAN NOT NULL,
	source        TEXT    NOT NULL,
	at            BIGINT  NOT NULL,
	kind          TEXT    NOT NULL, -- of the dispatch, like the next three
	template      TEXT    NOT NULL,
	account       TEXT    NOT NULL,
	key_id        TEXT    NOT NULL,
	PRIMARY KEY (tenant, num)
) {{norowid}};
CREATE UNIQUE INDEX complaint_once ON complaint (tenant, dispatch, recipient, word);
CREATE INDEX complaint_template ON complaint (tenant, template, at) WHERE template <> '';
CREATE INDEX complaint_key ON complaint (tenant, key_id, at) WHERE key_id <> '';
CREATE INDEX complaint_tenant ON complaint (tenant, at);
CREATE INDEX complaint_at ON complaint (at);

-- When a rule last raised something about a subject: whoever finds the same
-- meanwhile, here or on another node, does not raise it again.
CREATE TABLE raised (
	tenant  TEXT   NOT NULL, -- '': of the whole installation
	rule    TEXT   NOT NULL,
	subject TEXT   NOT NULL,
	at      BIGINT NOT NULL,
	PRIMARY KEY (tenant, rule, subject)
) {{norowid}};

-- Fingerprints of texts as they were sent, merge values masked, to find the same
-- text at several tenants. fingerprint is 64 bits, as a signed number.
CREATE TABLE sighting (
	num         BIGINT NOT NULL PRIMARY KEY,
	at          BIGINT NOT NULL,
	tenant      TEXT   NOT NULL,
	template    TEXT   NOT NULL,
	dispatch    TEXT   NOT NULL,
	fingerprint BIGINT NOT NULL
);
CREATE INDEX sighting_at ON sighting (at);

CREATE INDEX signal_decoy ON signal (at) WHERE kind IN ('decoy', 'exit-decoy');
-- What the whole installation accepted in an hour.
CREATE INDEX usage_hour_time ON usage_hour (hour);
