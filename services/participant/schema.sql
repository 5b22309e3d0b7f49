-- The tables that make a database a participant's (DESIGN laws 4 and 5): the sum of the migrations.

-- What became of each effect: one row per idempotency key (tenant, saga, step, direction, round), written in
-- the transaction of the effect itself. A succeeded undo without a succeeded do is a tombstone.
CREATE TABLE inbox (
    tenant    INTEGER NOT NULL,
    saga      INTEGER NOT NULL,
    step      TEXT    NOT NULL,
    direction TEXT    NOT NULL CHECK (direction IN ('do', 'undo')),
    round     INTEGER NOT NULL,
    outcome   TEXT    NOT NULL CHECK (outcome IN ('succeeded', 'refused')),
    type      TEXT    NOT NULL,
    data      BLOB    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (tenant, saga, step, direction, round)
) STRICT, WITHOUT ROWID;

-- The events already taken, by their identity in CloudEvents.
CREATE TABLE seen_events (
    id     TEXT    NOT NULL,
    source TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (id, source)
) STRICT, WITHOUT ROWID;

-- Which member of its consumer group this database is: a restart takes its own place at once, instead of
-- waiting until the broker has given the crashed process up.
CREATE TABLE member (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id   TEXT NOT NULL
) STRICT;

-- What may be forgotten: an event is found by its age. (Effects by their key, tenant by tenant, the oldest sagas first.)
CREATE INDEX seen_events_at ON seen_events (at);
