-- Served countries may be named with three letters too (ISO 3166-1).
ALTER TABLE zones ADD COLUMN alpha3 TEXT CHECK (length(alpha3) = 3);

-- Packages of order lifecycles; items and address as JSON. An order has one package that stands.
CREATE TABLE packages (
    id              INTEGER PRIMARY KEY,
    tenant          INTEGER NOT NULL,
    order_id        TEXT    NOT NULL,
    saga            INTEGER NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('prepared', 'unprepared', 'dispatched')),
    items           TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    carrier         TEXT,
    tracking_number TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX standing_packages ON packages (tenant, order_id) WHERE status <> 'unprepared';
CREATE INDEX packages_of_order ON packages (tenant, order_id);

-- What became of each, when, and where it was to go then: written in the transaction of the change.
CREATE TABLE package_events (
    id      INTEGER PRIMARY KEY,
    package INTEGER NOT NULL REFERENCES packages (id),
    status  TEXT    NOT NULL CHECK (status IN ('prepared', 'unprepared', 'dispatched')),
    saga    INTEGER NOT NULL,
    round   INTEGER NOT NULL,
    address TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE INDEX events_of_package ON package_events (package);
