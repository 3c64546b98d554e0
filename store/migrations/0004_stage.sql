-- The stages of a bulk send that is released step by step; a send released
-- whole has none. wait is in µs. by_actor and reason are of who advanced, held
-- or stopped it.
CREATE TABLE stage (
	tenant    BIGINT NOT NULL,
	dispatch  BIGINT NOT NULL,
	number    BIGINT NOT NULL,
	of_all    BIGINT NOT NULL,
	first_seq BIGINT NOT NULL,
	last_seq  BIGINT NOT NULL,
	wait      BIGINT NOT NULL,
	state     TEXT   NOT NULL,
	opened_at BIGINT NOT NULL DEFAULT 0,
	left_at   BIGINT NOT NULL DEFAULT 0,
	due_at    BIGINT NOT NULL DEFAULT 0,
	ended_at  BIGINT NOT NULL DEFAULT 0,
	by_actor  TEXT   NOT NULL DEFAULT '',
	reason    TEXT   NOT NULL DEFAULT '',
	PRIMARY KEY (tenant, dispatch, number)
);
CREATE INDEX stage_current ON stage (due_at) WHERE state IN ('open', 'held');

-- How far a bulk dispatch is open: no claim takes a copy with a higher number.
-- NULL: no bound; 0: nothing leaves. opens_at is the end of its undo window: in
-- a lane with a bound, copies that were not tried yet have due = 0, so that those
-- of the open stage are one range of delivery_open.
ALTER TABLE lane ADD COLUMN open_to BIGINT;
ALTER TABLE lane ADD COLUMN opens_at BIGINT NOT NULL DEFAULT 0;
