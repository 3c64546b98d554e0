-- Times are µs UTC, 0 = none.

-- Messages that are no copies of a dispatch: pages, posts to subscribers, packets
-- of tenants, a reporter's two mails. sealed holds where it goes and what it says.
CREATE TABLE outgoing (
	num        BIGINT   NOT NULL PRIMARY KEY,
	id         TEXT     NOT NULL UNIQUE,
	key        TEXT     NOT NULL UNIQUE, -- of two with one key the second is the first
	channel    TEXT     NOT NULL,
	purpose    TEXT     NOT NULL,
	tenant     TEXT     NOT NULL,
	incident   TEXT     NOT NULL,
	subject    TEXT     NOT NULL,
	exercise   BOOLEAN  NOT NULL,
	urgent     BOOLEAN  NOT NULL,
	sealed     {{blob}},          -- NULL once it is over and forgotten
	state      TEXT     NOT NULL,
	tries      BIGINT   NOT NULL,
	reply      TEXT     NOT NULL,
	node       TEXT     NOT NULL, -- that sends it
	created_at BIGINT   NOT NULL,
	due_at     BIGINT   NOT NULL,
	stale_at   BIGINT   NOT NULL,
	done_at    BIGINT   NOT NULL
);
CREATE INDEX outgoing_due ON outgoing (urgent, due_at, num) WHERE state IN ('pending', 'sending');
CREATE INDEX outgoing_incident ON outgoing (incident, purpose, tenant) WHERE incident <> '';
CREATE INDEX outgoing_subject ON outgoing (subject) WHERE subject <> '';

-- What an incident is about: the dispatches that match one of its rows, every
-- part given. A part that is '' or 0 is not given; a row without any matches
-- nothing. Times are of acceptance.
CREATE TABLE incident_scope (
	incident TEXT   NOT NULL,
	num      BIGINT NOT NULL, -- 1-based within the incident
	tenant   TEXT   NOT NULL,
	template TEXT   NOT NULL,
	account  TEXT   NOT NULL,
	key_id   TEXT   NOT NULL,
	dispatch TEXT   NOT NULL,
	from_at  BIGINT NOT NULL, -- inclusive
	until_at BIGINT NOT NULL, -- exclusive
	PRIMARY KEY (incident, num)
);

-- Dispatches that have a lane to themselves.
DROP INDEX lane_dispatch;
CREATE INDEX lane_own ON lane (dispatch_id) WHERE dispatch_id <> '';

-- By whom notices are sent: an address of one tenant's domain, the operator's own
-- organisation as a rule.
CREATE TABLE notice_identity (
	one     BIGINT NOT NULL PRIMARY KEY, -- 1
	tenant  TEXT   NOT NULL,
	name    TEXT   NOT NULL,
	address TEXT   NOT NULL, -- an organisation's, no person's
	set_by  TEXT   NOT NULL,
	set_at  BIGINT NOT NULL
);
