-- Hosts that a tenant's letters may link to, beside its own sending domains.
CREATE TABLE link_host (
	tenant      BIGINT NOT NULL,
	name        TEXT   NOT NULL, -- lower-case A-label form; what lies under it is covered
	approved_by TEXT   NOT NULL,
	approved_at BIGINT NOT NULL,
	PRIMARY KEY (tenant, name)
) {{norowid}};

-- What a tenant's released and rejected holds taught the screening.
CREATE TABLE screen_tuning (
	tenant BIGINT   NOT NULL PRIMARY KEY,
	number BIGINT   NOT NULL, -- counts the lessons; of two at once, one is learnt again
	body   {{blob}} NOT NULL
);

-- Letters that many tenants send in the same words by the installation's leave.
CREATE TABLE shared_text (
	fingerprint BIGINT NOT NULL PRIMARY KEY, -- 64 bits, as a signed number
	tenant      TEXT   NOT NULL, -- of the version it was read from
	template    TEXT   NOT NULL,
	version     BIGINT NOT NULL,
	approved_by TEXT   NOT NULL,
	approved_at BIGINT NOT NULL
);

-- Whether a tenant has sent a text before.
CREATE INDEX sighting_known ON sighting (tenant, fingerprint, at);
