-- Times are µs UTC, 0 = none.

-- Everything posted under one number of the series.
CREATE TABLE announcement_thread (
	number   BIGINT  NOT NULL PRIMARY KEY,
	incident TEXT    NOT NULL,
	audience TEXT    NOT NULL,
	exercise BOOLEAN NOT NULL,
	last_seq BIGINT  NOT NULL,
	state    TEXT    NOT NULL, -- of the newest post
	kind     TEXT    NOT NULL, -- of the newest post
	at       BIGINT  NOT NULL  -- of the newest post
);
CREATE INDEX announcement_thread_incident ON announcement_thread (incident) WHERE incident <> '';

-- Posts never change.
CREATE TABLE announcement (
	number       BIGINT NOT NULL,
	seq          BIGINT NOT NULL, -- 0 is the original, n is UPDATE n
	num          BIGINT NOT NULL UNIQUE, -- in the order of posting
	kind         TEXT   NOT NULL,
	state        TEXT   NOT NULL,
	impact       TEXT   NOT NULL,
	title        TEXT   NOT NULL,
	body         TEXT   NOT NULL, -- as it is read
	source       TEXT   NOT NULL, -- as it was written, with the names of figures
	not_affected TEXT   NOT NULL,
	components   TEXT   NOT NULL, -- JSON list of IDs
	figures      TEXT   NOT NULL, -- JSON
	ledger_size  BIGINT NOT NULL,
	next_due     BIGINT NOT NULL,
	report_by    BIGINT NOT NULL,
	signed_by    TEXT   NOT NULL,
	posted_by    TEXT   NOT NULL,
	approved_by  TEXT   NOT NULL,
	posted_at    BIGINT NOT NULL,
	PRIMARY KEY (number, seq)
);
{{guard announcement}};

-- What may become one. It changes until it is posted or dropped.
CREATE TABLE announcement_draft (
	num          BIGINT  NOT NULL PRIMARY KEY,
	id           TEXT    NOT NULL UNIQUE,
	number       BIGINT  NOT NULL, -- 0: an original
	incident     TEXT    NOT NULL,
	kind         TEXT    NOT NULL,
	audience     TEXT    NOT NULL,
	exercise     BOOLEAN NOT NULL,
	words        TEXT    NOT NULL, -- JSON
	stage        TEXT    NOT NULL,
	why          TEXT    NOT NULL,
	author       TEXT    NOT NULL, -- a person, or system
	approved_by  TEXT    NOT NULL,
	approver     TEXT    NOT NULL, -- a person
	version      BIGINT  NOT NULL,
	created_at   BIGINT  NOT NULL,
	updated_at   BIGINT  NOT NULL,
	posted_by    TEXT    NOT NULL,
	posted_seq   BIGINT  NOT NULL,
	frozen       TEXT    NOT NULL, -- JSON: figures of a post that waits for a witness
	-- of the house's own drafts, one stands at a time: opening/<incident>,
	-- correction/<number>; a person's draft, and what is over, has its own ID
	slot         TEXT    NOT NULL UNIQUE
);
CREATE INDEX announcement_draft_stage ON announcement_draft (stage, num);

CREATE TABLE promise (
	num        BIGINT  NOT NULL PRIMARY KEY,
	id         TEXT    NOT NULL UNIQUE,
	slot       TEXT    NOT NULL UNIQUE, -- first-post/<incident>, next-update/<number>/<seq>, report/<number>/<seq>
	kind       TEXT    NOT NULL,
	state      TEXT    NOT NULL,
	incident   TEXT    NOT NULL,
	number     BIGINT  NOT NULL,
	seq        BIGINT  NOT NULL,
	audience   TEXT    NOT NULL,
	exercise   BOOLEAN NOT NULL,
	made_at    BIGINT  NOT NULL,
	due_at     BIGINT  NOT NULL,
	warn_at    BIGINT  NOT NULL,
	settled_at BIGINT  NOT NULL,
	settled_by BIGINT  NOT NULL,
	warned_at  BIGINT  NOT NULL,
	paged_at   BIGINT  NOT NULL
);
CREATE INDEX promise_owed ON promise (warn_at, num) WHERE state IN ('open', 'missed') AND settled_at = 0;
CREATE INDEX promise_number ON promise (number, num);
CREATE INDEX promise_incident ON promise (incident, num) WHERE incident <> '';

-- Posts on their way to subscribers, and how far they are.
CREATE TABLE announcement_mail (
	number BIGINT  NOT NULL,
	seq    BIGINT  NOT NULL,
	after  BIGINT  NOT NULL, -- the last subscriber it was queued for
	done   BOOLEAN NOT NULL,
	queued BIGINT  NOT NULL,
	PRIMARY KEY (number, seq)
);
CREATE INDEX announcement_mail_due ON announcement_mail (number, seq) WHERE NOT done;

-- Wishes to subscribe, before anything is looked up about them.
CREATE TABLE subscription_wish (
	num     BIGINT   NOT NULL PRIMARY KEY,
	id      TEXT     NOT NULL UNIQUE,
	sealed  {{blob}},          -- the address; NULL once it was answered
	network {{blob}} NOT NULL, -- keyed hash of the network that asked
	at      BIGINT   NOT NULL
);
CREATE INDEX subscription_wish_network ON subscription_wish (network, at);
CREATE INDEX subscription_wish_open ON subscription_wish (num) WHERE sealed IS NOT NULL;

-- Who gets announcements by mail, and who was asked to confirm that.
CREATE TABLE subscription (
	num          BIGINT   NOT NULL PRIMARY KEY,
	id           TEXT     NOT NULL UNIQUE,
	address      {{blob}} NOT NULL UNIQUE, -- blind index
	sealed       {{blob}} NOT NULL,        -- the address
	token        {{blob}} NOT NULL UNIQUE, -- hash of the one in the link to confirm
	asked_at     BIGINT   NOT NULL, -- when the link was last mailed
	asked        BIGINT   NOT NULL, -- how often
	confirmed_at BIGINT   NOT NULL, -- 0: waits for the second opt-in
	created_at   BIGINT   NOT NULL
);
CREATE INDEX subscription_confirmed ON subscription (num) WHERE confirmed_at > 0;
CREATE INDEX subscription_waiting ON subscription (created_at) WHERE confirmed_at = 0;

CREATE TABLE component (
	num         BIGINT NOT NULL PRIMARY KEY,
	id          TEXT   NOT NULL UNIQUE,
	name        TEXT   NOT NULL UNIQUE,
	description TEXT   NOT NULL,
	position    BIGINT NOT NULL,
	kinds       TEXT   NOT NULL, -- JSON list of kinds of mail
	work_from   BIGINT NOT NULL, -- announced maintenance
	work_until  BIGINT NOT NULL,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL
);
