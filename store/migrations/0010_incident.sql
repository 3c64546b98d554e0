-- Times are µs UTC, 0 = none. An incident belongs to the installation; which
-- tenants it touches stands in incident_tenant.

CREATE TABLE incident (
	num          BIGINT  NOT NULL PRIMARY KEY, -- INC-<num>
	id           TEXT    NOT NULL UNIQUE,
	kind         TEXT    NOT NULL,
	severity     BIGINT  NOT NULL, -- 1 … 5
	damage_level BIGINT  NOT NULL, -- the severity that the damage asked for when it was last looked at
	state        TEXT    NOT NULL,
	title        TEXT    NOT NULL,
	tenant       TEXT    NOT NULL, -- '': several, or the house
	public       BOOLEAN NOT NULL,
	public_by    TEXT    NOT NULL, -- '': the rule; a person's word stands against it
	exercise     BOOLEAN NOT NULL,
	into_id      TEXT    NOT NULL,
	opened_by    TEXT    NOT NULL,
	opened_at    BIGINT  NOT NULL,
	contained_at BIGINT  NOT NULL,
	resolved_at  BIGINT  NOT NULL,
	closed_at    BIGINT  NOT NULL,
	version      BIGINT  NOT NULL,
	falls        BIGINT  NOT NULL, -- how often it fell back from contained
	postmortem   TEXT    NOT NULL, -- JSON
	review_by    TEXT    NOT NULL,
	review_at    BIGINT  NOT NULL
);
CREATE INDEX incident_open ON incident (num) WHERE state IN ('triage', 'investigating', 'contained', 'fixing', 'monitoring');

-- What an open incident is about: "key:key_…", "tenant:ten_…". A part is held by
-- one open incident, so that two nodes that see the same never open two; it is
-- given back when the incident ends.
CREATE TABLE incident_part (
	part     TEXT NOT NULL PRIMARY KEY,
	incident TEXT NOT NULL
);
CREATE INDEX incident_part_of ON incident_part (incident);

CREATE TABLE incident_tenant (
	incident TEXT NOT NULL,
	tenant   TEXT NOT NULL,
	PRIMARY KEY (incident, tenant)
) {{norowid}};
CREATE INDEX incident_tenant_of ON incident_tenant (tenant, incident);

CREATE TABLE incident_role (
	incident TEXT   NOT NULL,
	role     TEXT   NOT NULL,
	holder   TEXT   NOT NULL, -- an account, or "operator"
	since    BIGINT NOT NULL,
	PRIMARY KEY (incident, role)
) {{norowid}};

CREATE TABLE incident_link (
	incident   TEXT    NOT NULL,
	num        BIGINT  NOT NULL, -- 1-based within the incident
	noun       TEXT    NOT NULL,
	subject    TEXT    NOT NULL,
	tenant     TEXT    NOT NULL,
	recover    BOOLEAN NOT NULL, -- a credential that was in foreign hands
	linked_by  TEXT    NOT NULL,
	linked_at  BIGINT  NOT NULL,
	settled_by TEXT    NOT NULL,
	settled_at BIGINT  NOT NULL,
	settled    TEXT    NOT NULL,
	PRIMARY KEY (incident, num)
);
CREATE UNIQUE INDEX incident_link_once ON incident_link (incident, noun, subject);
CREATE INDEX incident_link_subject ON incident_link (noun, subject);

-- The timeline. No line is ever changed or removed.
CREATE TABLE incident_line (
	incident TEXT    NOT NULL,
	num      BIGINT  NOT NULL, -- 1-based within the incident
	at       BIGINT  NOT NULL,
	by_actor TEXT    NOT NULL,
	kind     TEXT    NOT NULL,
	tenant   TEXT    NOT NULL, -- whose people may read it
	shared   BOOLEAN NOT NULL, -- every affected tenant's people may
	subject  TEXT    NOT NULL,
	body     TEXT    NOT NULL,
	PRIMARY KEY (incident, num)
);
{{guard incident_line}};

CREATE TABLE incident_task (
	incident   TEXT    NOT NULL,
	num        BIGINT  NOT NULL, -- 1-based within the incident
	title      TEXT    NOT NULL,
	why        TEXT    NOT NULL,
	role       TEXT    NOT NULL,
	required   BOOLEAN NOT NULL,
	action     BOOLEAN NOT NULL, -- of the review
	command    TEXT    NOT NULL,
	link       TEXT    NOT NULL,
	due_at     BIGINT  NOT NULL,
	state      TEXT    NOT NULL,
	reason     TEXT    NOT NULL,
	settled_by TEXT    NOT NULL,
	settled_at BIGINT  NOT NULL,
	PRIMARY KEY (incident, num)
);

-- Pages that an incident owes: written with what makes them due, and done once
-- the page is triggered. A crash between the two triggers it again, and of two
-- pages with one key the second is the first.
CREATE TABLE incident_call (
	incident TEXT   NOT NULL,
	what     TEXT   NOT NULL, -- "opened", "severity/1", "uncontained/0", "resolve"
	due_at   BIGINT NOT NULL,
	done_at  BIGINT NOT NULL,
	PRIMARY KEY (incident, what)
) {{norowid}};
CREATE INDEX incident_call_due ON incident_call (due_at) WHERE done_at = 0;

-- Up to which signal and stop the rules have looked. What was there before this
-- release opens nothing.
CREATE TABLE incident_cursor (
	one    BIGINT NOT NULL PRIMARY KEY, -- 1
	signal BIGINT NOT NULL,
	stop   BIGINT NOT NULL
);
INSERT INTO incident_cursor (one, signal, stop)
	SELECT 1, (SELECT COALESCE(MAX(num), 0) FROM signal), (SELECT COALESCE(MAX(num), 0) FROM stop);

CREATE INDEX signal_incident ON signal (num) WHERE grade = 'incident';
-- What an account sent without a key; what its keys sent is found by them.
CREATE INDEX dispatch_account ON dispatch (account, accepted_at) WHERE key_id = '';
CREATE INDEX api_key_account ON api_key (account);
-- Follow-ups of an incident.
CREATE INDEX dispatch_notice ON dispatch (audience) WHERE kind = 'notice';
