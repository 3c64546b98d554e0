-- What is known of each planted recipient besides its row in recipient. mark
-- finds an address over all tenants without holding it; the rows of before have
-- none, because it cannot be made without the master key: they are replaced as
-- decoys rotate. Times are µs UTC, 0 = none.
CREATE TABLE decoy (
	tenant     BIGINT NOT NULL,
	recipient  BIGINT NOT NULL,
	mark       {{blob}},
	kind       TEXT   NOT NULL,
	label      TEXT   NOT NULL,
	planted_at BIGINT NOT NULL,
	retired_at BIGINT NOT NULL, -- 0: stands
	PRIMARY KEY (tenant, recipient)
) {{norowid}};
CREATE INDEX decoy_mark ON decoy (mark) WHERE mark IS NOT NULL;
CREATE INDEX decoy_standing ON decoy (tenant, planted_at, recipient) WHERE retired_at = 0;
INSERT INTO decoy (tenant, recipient, mark, kind, label, planted_at, retired_at)
	SELECT tenant, num, NULL, 'enumeration', '', updated_at, 0 FROM recipient WHERE decoy;

-- Mail from outside at a planted address, by hour and by where it came from.
-- Nothing of what it said, and of its sender the domain alone.
CREATE TABLE decoy_arrival (
	tenant    BIGINT  NOT NULL,
	recipient BIGINT  NOT NULL,
	hour      BIGINT  NOT NULL, -- the hour's beginning
	probe     BOOLEAN NOT NULL, -- asked for at RCPT, and no message followed
	network   TEXT    NOT NULL, -- /24 or /48
	sender    TEXT    NOT NULL, -- domain of the envelope's sender
	size      BIGINT  NOT NULL, -- of the first
	print     TEXT    NOT NULL, -- of the first
	copies    BIGINT  NOT NULL,
	first_at  BIGINT  NOT NULL,
	last_at   BIGINT  NOT NULL,
	PRIMARY KEY (tenant, recipient, hour, probe, network, sender)
) {{norowid}};
CREATE INDEX decoy_arrival_hour ON decoy_arrival (tenant, hour);

CREATE INDEX decoy_signal ON signal (tenant, at) WHERE kind IN ('decoy', 'exit-decoy');
