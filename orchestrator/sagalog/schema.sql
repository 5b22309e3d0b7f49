-- The saga log. What counts is in `transitions` and `definitions`; `sagas` is what they fold to, for
-- finding sagas; `partitions`, `definition_places` and `log_offset` are facts about the topic, which
-- change when it is filled again (DESIGN law 14). Times are Unix milliseconds.

-- One row a saga. Its id names its partition in the lowest ten bits, and JSON readers hold 53 bits.
CREATE TABLE sagas (
    id          INTEGER PRIMARY KEY CHECK (id BETWEEN 0 AND 9007199254740991),
    tenant      INTEGER NOT NULL,
    definition  TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    wake_at     INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    code        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    partition   INTEGER GENERATED ALWAYS AS (id & 1023) VIRTUAL,
    UNIQUE (tenant, definition, key)
);

-- The highest sequence of a partition, and its sagas one after another.
CREATE INDEX sagas_of_partition ON sagas (partition, id);

-- The timers: this index, and nothing else.
CREATE INDEX sagas_to_wake ON sagas (partition, wake_at) WHERE wake_at IS NOT NULL;

-- The open sagas without a wake-up: they wait for a person (or law 12 is broken).
CREATE INDEX sagas_without_wake ON sagas (partition, id)
    WHERE wake_at IS NULL AND status NOT IN ('completed', 'failed');

-- For lists and counts.
CREATE INDEX sagas_of_status ON sagas (tenant, status, id);

-- In the order in which they were logged, per partition: so new ones are written side by side (clustered
-- by saga, each would dirty a page of its own), and the order survives the loss of the topic.
-- `log_offset` from 2^52 on: not in the topic now, to be appended again.
CREATE TABLE transitions (
    position    INTEGER PRIMARY KEY,
    saga        INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    input       TEXT    NOT NULL,
    facts       TEXT    NOT NULL,
    log_offset  INTEGER NOT NULL,
    partition   INTEGER GENERATED ALWAYS AS (saga & 1023) VIRTUAL,
    UNIQUE (saga, number)
);

-- What must be sent or appended again is read in the order of the log (DESIGN laws 3 and 14).
CREATE INDEX transitions_in_log ON transitions (partition, log_offset);

CREATE TABLE definitions (
    version  TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL
) WITHOUT ROWID;

-- Where a definition stands in each partition's log.
CREATE TABLE definition_places (
    partition   INTEGER NOT NULL,
    version     TEXT    NOT NULL REFERENCES definitions (version),
    log_offset  INTEGER NOT NULL,
    PRIMARY KEY (partition, version)
) WITHOUT ROWID;

-- The last record that counts of each partition; `seq` is the number that the next one must have.
CREATE TABLE partitions (
    partition   INTEGER PRIMARY KEY CHECK (partition BETWEEN 0 AND 1023),
    log         TEXT    NOT NULL,
    epoch       TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    log_offset  INTEGER NOT NULL,
    sent        INTEGER NOT NULL,
    at          INTEGER NOT NULL
);

-- On which kind of broker the log of this file is; no row before it is on any (ADR 0004).
CREATE TABLE home (
    only      INTEGER PRIMARY KEY CHECK (only = 1),
    embedded  INTEGER NOT NULL CHECK (embedded IN (0, 1))
);

-- How many sagas stand in each state: kept by the file itself, so that asking walks no saga.
CREATE TABLE tallies (
    tenant      INTEGER NOT NULL,
    definition  TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    sagas       INTEGER NOT NULL,
    PRIMARY KEY (tenant, definition, status)
) WITHOUT ROWID;

CREATE TRIGGER saga_begins AFTER INSERT ON sagas BEGIN
    INSERT INTO tallies (tenant, definition, status, sagas)
    VALUES (new.tenant, new.definition, new.status, 1)
    ON CONFLICT (tenant, definition, status) DO UPDATE SET sagas = sagas + 1;
END;

CREATE TRIGGER saga_moves AFTER UPDATE OF status ON sagas WHEN old.status <> new.status BEGIN
    UPDATE tallies SET sagas = sagas - 1
     WHERE tenant = old.tenant AND definition = old.definition AND status = old.status;
    INSERT INTO tallies (tenant, definition, status, sagas)
    VALUES (new.tenant, new.definition, new.status, 1)
    ON CONFLICT (tenant, definition, status) DO UPDATE SET sagas = sagas + 1;
END;

CREATE TRIGGER saga_goes AFTER DELETE ON sagas BEGIN
    UPDATE tallies SET sagas = sagas - 1
     WHERE tenant = old.tenant AND definition = old.definition AND status = old.status;
END;

-- Which version new sagas get: what each partition's log says of it, in its order (from 1).
-- `log_offset` from 2^52 on: not in the topic now, to be appended again.
CREATE TABLE rollouts (
    partition   INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    log_offset  INTEGER NOT NULL,
    PRIMARY KEY (partition, number)
) WITHOUT ROWID;
