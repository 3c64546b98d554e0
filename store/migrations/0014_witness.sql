-- What witnesses at other installations signed about this ledger.
CREATE TABLE cosignature (
	size    BIGINT NOT NULL,
	witness TEXT   NOT NULL, -- its name
	line    TEXT   NOT NULL, -- of the note (C2SP tlog-cosignature)
	at      BIGINT NOT NULL,
	PRIMARY KEY (size, witness)
) {{norowid}};

-- The last checkpoint of each ledger that this house witnesses.
CREATE TABLE witnessed_log (
	origin TEXT   NOT NULL PRIMARY KEY,
	size   BIGINT NOT NULL,
	root   TEXT   NOT NULL,
	note   TEXT   NOT NULL,
	at     BIGINT NOT NULL
);

-- Two signed checkpoints of one ledger that contradict each other: proof that it
-- showed two pasts.
CREATE TABLE fork (
	origin TEXT   NOT NULL,
	first  TEXT   NOT NULL,
	second TEXT   NOT NULL,
	at     BIGINT NOT NULL,
	PRIMARY KEY (origin, first, second)
) {{norowid}};

-- When the ledger was last verified.
CREATE INDEX entry_verified ON entry (num) WHERE kind = 'ledger.verified';
