-- grantsmith, schema version 1. Run it in one transaction, as often as you like.
--
-- One row is one record: a grant with its code and tokens, a client, a consent, a session, a user's epoch, or a used
-- identifier. The columns beside the body are copies of what is in it, for the indexes and for whoever reads this
-- table. Times are seconds since 1970-01-01 UTC. No secret is here that could be used: codes, tokens and client
-- secrets are kept as digests.
--
--   SELECT kind, encode(id, 'hex'), client, to_timestamp(expires_at), body FROM grantsmith_records WHERE subject = '…';
--
-- Read as you like; write only through the library: a record that changes without its version undoes what the library
-- promises.

-- Which versions of this schema have been applied. Several servers that start at once meet here.
CREATE TABLE IF NOT EXISTS grantsmith_schema (
    version    integer     NOT NULL PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- Names are compared byte by byte (COLLATE "C"): an index over them outlives a change of the system's locales.
CREATE TABLE IF NOT EXISTS grantsmith_records (
    realm      bytea            NOT NULL, -- the first 16 bytes of the SHA-256 digest of the realm's name
    kind       text COLLATE "C" NOT NULL, -- client, consent, grant, session, signing_keys, subject, used_identifier
    id         bytea            NOT NULL, -- 32 bytes: random, or the digest of names
    version    bytea            NOT NULL, -- 16 random bytes, drawn anew for each write
    issuer     text COLLATE "C" NOT NULL, -- the realm's name
    client     text COLLATE "C",          -- whose record it is, where it is anybody's
    subject    text COLLATE "C",
    session    text COLLATE "C",
    expires_at bigint,                    -- from when on it may be purged; NULL: never
    due_at     bigint,                    -- when work is left to be finished; NULL: none
    body       json             NOT NULL, -- the record, byte for byte as it was written
    -- The random part comes first, for databases that spread rows by the first column of a key.
    PRIMARY KEY (id, realm, kind)
);

-- Pages of a listing follow the key, so each index ends with it.
CREATE INDEX IF NOT EXISTS grantsmith_records_by_client
    ON grantsmith_records (client, realm, kind, id) WHERE client IS NOT NULL;
CREATE INDEX IF NOT EXISTS grantsmith_records_by_subject
    ON grantsmith_records (subject, realm, kind, id) WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS grantsmith_records_by_session
    ON grantsmith_records (session, realm, kind, id) WHERE session IS NOT NULL;
CREATE INDEX IF NOT EXISTS grantsmith_clients
    ON grantsmith_records (realm, id) WHERE kind = 'client';
CREATE INDEX IF NOT EXISTS grantsmith_records_due
    ON grantsmith_records (realm, kind, id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS grantsmith_records_expiring
    ON grantsmith_records (expires_at) WHERE expires_at IS NOT NULL;

INSERT INTO grantsmith_schema (version) VALUES (1) ON CONFLICT (version) DO NOTHING;
