-- Times are µs UTC, 0 = none.

-- What somebody outside told us about a mail. sealed is the raw report,
-- sealed_from who sent it and what the answer to him needs; both are forgotten.
CREATE TABLE report (
	num           BIGINT   NOT NULL PRIMARY KEY,
	id            TEXT     NOT NULL UNIQUE,
	digest        {{blob}} NOT NULL UNIQUE, -- of two with the same the second is dropped
	tracking      TEXT     NOT NULL UNIQUE,
	way           TEXT     NOT NULL,
	kind          TEXT     NOT NULL, -- '' until filed
	state         TEXT     NOT NULL,
	at            BIGINT   NOT NULL,
	size          BIGINT   NOT NULL,
	copies        BIGINT   NOT NULL,
	authenticated BOOLEAN  NOT NULL,
	vouched       TEXT     NOT NULL,
	matched       TEXT     NOT NULL,
	tenant        TEXT     NOT NULL,
	dispatch      TEXT     NOT NULL,
	template      TEXT     NOT NULL,
	recipient     TEXT     NOT NULL,
	problem       TEXT     NOT NULL,
	sender        TEXT     NOT NULL, -- domain of the reported mail
	hosts         TEXT     NOT NULL, -- JSON
	exercise      BOOLEAN  NOT NULL,
	reporter      {{blob}},          -- finds an address without holding it; NULL for none
	receipt_at    BIGINT   NOT NULL, -- when the first mail went into the outbox
	answer        TEXT     NOT NULL,
	confirm       {{blob}},          -- hash of the word that proves the reporter's address
	tries         BIGINT   NOT NULL, -- of filing
	next_at       BIGINT   NOT NULL, -- when to try again to file it
	sealed        {{blob}},
	sealed_from   {{blob}}
);
CREATE INDEX report_waiting ON report (next_at, num) WHERE state = 'received';
CREATE INDEX report_problem ON report (problem, num) WHERE problem <> '';
CREATE INDEX report_reporter ON report (reporter, receipt_at) WHERE reporter IS NOT NULL;
CREATE INDEX report_kept ON report (at) WHERE sealed IS NOT NULL;
CREATE INDEX report_from ON report (at) WHERE sealed_from IS NOT NULL;
CREATE INDEX report_tenant ON report (tenant, num) WHERE tenant <> '';

CREATE TABLE problem (
	num           BIGINT  NOT NULL PRIMARY KEY,
	id            TEXT    NOT NULL UNIQUE,
	kind          TEXT    NOT NULL,
	state         TEXT    NOT NULL,
	priority      BIGINT  NOT NULL,
	title         TEXT    NOT NULL,
	tenant        TEXT    NOT NULL,
	dispatch      TEXT    NOT NULL,
	template      TEXT    NOT NULL,
	leak          BOOLEAN NOT NULL,
	print         BIGINT  NOT NULL, -- 64 bits, as a signed number
	sender        TEXT    NOT NULL,
	hosts         TEXT    NOT NULL, -- JSON
	signal        TEXT    NOT NULL, -- the last that it raised
	exercise      BOOLEAN NOT NULL,
	outcome       TEXT    NOT NULL,
	reports       BIGINT  NOT NULL,
	reporters     BIGINT  NOT NULL,
	vouched       BIGINT  NOT NULL, -- distinct reporters who are authenticated
	not_spam      BIGINT  NOT NULL,
	tenants       BIGINT  NOT NULL,
	known         BIGINT  NOT NULL,
	opened_at     BIGINT  NOT NULL,
	last_at       BIGINT  NOT NULL,
	moved_at      BIGINT  NOT NULL,
	answered_at   BIGINT  NOT NULL,
	version       BIGINT  NOT NULL
);
CREATE INDEX problem_open ON problem (num) WHERE state IN ('open', 'investigating');
CREATE INDEX problem_dispatch ON problem (dispatch) WHERE dispatch <> '';
CREATE INDEX problem_tenant ON problem (tenant, num) WHERE tenant <> '';

-- Who reported, each once: the copy's recipient where one is known, else an
-- address or a network, and none of them in the clear.
CREATE TABLE problem_reporter (
	problem       TEXT     NOT NULL,
	reporter      {{blob}} NOT NULL,
	word          TEXT     NOT NULL, -- bad or fine
	authenticated BOOLEAN  NOT NULL,
	tenant        TEXT     NOT NULL, -- that the reported mail is of
	PRIMARY KEY (problem, reporter, word)
) {{norowid}};

-- Addresses to which mail of strangers came, and the directories that know them.
CREATE TABLE problem_address (
	problem TEXT     NOT NULL,
	mark    {{blob}} NOT NULL,
	tenant  TEXT     NOT NULL,
	PRIMARY KEY (problem, mark, tenant)
) {{norowid}};

-- A bounce that came back by mail after the relay had taken the copy. The copy
-- stays what it is; each is noted once, and again when it gets worse.
CREATE TABLE late_bounce (
	tenant   BIGINT NOT NULL,
	dispatch BIGINT NOT NULL,
	seq      BIGINT NOT NULL,
	class    TEXT   NOT NULL,
	status   TEXT   NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (tenant, dispatch, seq)
) {{norowid}};

-- Mail that came back and is only counted, by the day (UTC).
CREATE TABLE returned (
	day  BIGINT NOT NULL,
	what TEXT   NOT NULL,
	n    BIGINT NOT NULL,
	PRIMARY KEY (day, what)
) {{norowid}};
