-- What is remembered of how a subject (account, key, template, tenant) sends:
-- counts and hashes, encoded by the guard's craft. No row names a recipient.
CREATE TABLE behaviour (
	tenant      BIGINT   NOT NULL,
	subject     TEXT     NOT NULL, -- kind:id
	num         BIGINT   NOT NULL, -- the sender in contact
	state       {{blob}} NOT NULL,
	pardoned_at BIGINT   NOT NULL,
	PRIMARY KEY (tenant, subject)
) {{norowid}};

-- Who was written to by which sender, by single orders. Numbers on both sides.
CREATE TABLE contact (
	tenant    BIGINT NOT NULL,
	sender    BIGINT NOT NULL,
	recipient BIGINT NOT NULL,
	PRIMARY KEY (tenant, sender, recipient)
) {{norowid}};
CREATE INDEX contact_recipient ON contact (tenant, recipient, sender);
