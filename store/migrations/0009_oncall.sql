-- Times are µs UTC, 0 = none.

-- People who can be woken. sealed holds the name; it is gone with the row.
CREATE TABLE oncall_contact (
	id         TEXT     NOT NULL PRIMARY KEY,
	account    TEXT     NOT NULL,
	sealed     {{blob}} NOT NULL,
	rules      TEXT     NOT NULL, -- JSON: methods with delays, in order
	created_at BIGINT   NOT NULL
);

-- How they are reached. sealed holds the address, number or URL.
CREATE TABLE oncall_method (
	id          TEXT     NOT NULL PRIMARY KEY,
	contact     TEXT     NOT NULL,
	channel     TEXT     NOT NULL,
	sealed      {{blob}} NOT NULL,
	verified_at BIGINT   NOT NULL,
	code        {{blob}},          -- hash of the code that was sent; NULL = none is open
	code_until  BIGINT   NOT NULL,
	code_tries  BIGINT   NOT NULL,
	code_num    BIGINT   NOT NULL, -- how many were sent
	created_at  BIGINT   NOT NULL
);
CREATE INDEX oncall_method_contact ON oncall_method (contact, created_at, id);

CREATE TABLE oncall_schedule (
	id         TEXT   NOT NULL PRIMARY KEY,
	handle     TEXT   NOT NULL UNIQUE,
	name       TEXT   NOT NULL,
	body       TEXT   NOT NULL, -- JSON: zone, layers
	created_at BIGINT NOT NULL
);

CREATE TABLE oncall_override (
	id         TEXT   NOT NULL PRIMARY KEY,
	schedule   TEXT   NOT NULL,
	contact    TEXT   NOT NULL,
	from_at    BIGINT NOT NULL, -- inclusive
	until_at   BIGINT NOT NULL, -- exclusive
	made_by    TEXT   NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX oncall_override_until ON oncall_override (until_at);

CREATE TABLE oncall_policy (
	id         TEXT   NOT NULL PRIMARY KEY,
	handle     TEXT   NOT NULL UNIQUE,
	name       TEXT   NOT NULL,
	body       TEXT   NOT NULL, -- JSON: steps, repeats
	created_at BIGINT NOT NULL
);

-- Which policy takes a page.
CREATE TABLE oncall_route (
	role     TEXT   NOT NULL, -- '' = any
	severity BIGINT NOT NULL, -- 0 = any
	policy   TEXT   NOT NULL,
	PRIMARY KEY (role, severity)
);

CREATE TABLE oncall_setting (
	one  BIGINT NOT NULL PRIMARY KEY, -- 1
	body TEXT   NOT NULL
);

-- Pages. next_at is the timer: whoever comes first after it takes the turn.
CREATE TABLE oncall_page (
	num         BIGINT  NOT NULL PRIMARY KEY,
	id          TEXT    NOT NULL UNIQUE,
	key         TEXT    NOT NULL UNIQUE, -- of two with one key the second is the first
	incident    TEXT    NOT NULL,
	severity    BIGINT  NOT NULL,
	role        TEXT    NOT NULL,
	title       TEXT    NOT NULL, -- no personal data
	body        TEXT    NOT NULL,
	path        TEXT    NOT NULL,
	tenant      TEXT    NOT NULL,
	exercise    BOOLEAN NOT NULL,
	first       BOOLEAN NOT NULL, -- of its incident
	state       TEXT    NOT NULL,
	policy      TEXT    NOT NULL,
	step        BIGINT  NOT NULL,
	round       BIGINT  NOT NULL,
	spent       BOOLEAN NOT NULL,
	turn        BIGINT  NOT NULL, -- counts every change: a turn judged on an older one does nothing
	all_failed  BOOLEAN NOT NULL,
	escalate    BOOLEAN NOT NULL,
	watched     BIGINT  NOT NULL, -- the turn whose messages are watched for all failing; 0 = none
	triggered_at BIGINT NOT NULL,
	sent_at     BIGINT  NOT NULL, -- the first message was taken by the far side
	acked_at    BIGINT  NOT NULL, -- the first time
	acked_by    TEXT    NOT NULL,
	ack_until   BIGINT  NOT NULL,
	resolved_at BIGINT  NOT NULL,
	step_ends   BIGINT  NOT NULL,
	next_at     BIGINT  NOT NULL, -- 0 = it rests
	events      BIGINT  NOT NULL  -- how many
);
CREATE INDEX oncall_page_next ON oncall_page (next_at, num) WHERE next_at > 0;
CREATE INDEX oncall_page_incident ON oncall_page (incident, num) WHERE incident <> '';
CREATE INDEX oncall_page_open ON oncall_page (num) WHERE state <> 'resolved';

CREATE TABLE oncall_page_event (
	page    TEXT   NOT NULL,
	num     BIGINT NOT NULL, -- 1-based within the page
	at      BIGINT NOT NULL,
	kind    TEXT   NOT NULL,
	contact TEXT   NOT NULL,
	channel TEXT   NOT NULL,
	made_by TEXT   NOT NULL,
	text    TEXT   NOT NULL, -- no personal data
	PRIMARY KEY (page, num)
);

-- Heartbeats that are expected.
CREATE TABLE oncall_monitor (
	name       TEXT   NOT NULL PRIMARY KEY,
	every_s    BIGINT NOT NULL,
	severity   BIGINT NOT NULL,
	role       TEXT   NOT NULL,
	last_at    BIGINT NOT NULL,
	missing_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL
);

-- What wakes people is found without looking at what informs them.
CREATE INDEX outgoing_wake ON outgoing (urgent, due_at, num) WHERE state IN ('pending', 'sending') AND purpose IN ('page', 'page-update', 'all-clear', 'verify');
CREATE INDEX outgoing_done ON outgoing (done_at) WHERE done_at > 0 AND sealed IS NOT NULL;
