-- The countries (ISO 3166-1 alpha-2) that are served, and how many days a delivery takes.
CREATE TABLE zones (
    tenant  INTEGER NOT NULL,
    country TEXT    NOT NULL CHECK (length(country) = 2),
    days    INTEGER NOT NULL CHECK (days > 0),
    alpha3  TEXT    CHECK (length(alpha3) = 3),
    PRIMARY KEY (tenant, country)
) STRICT, WITHOUT ROWID;

CREATE TABLE addresses (
    tenant  INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    street  TEXT    NOT NULL,
    city    TEXT    NOT NULL,
    country TEXT    NOT NULL CHECK (length(country) = 2),
    PRIMARY KEY (tenant, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE shipments (
    id                INTEGER PRIMARY KEY,
    tenant            INTEGER NOT NULL,
    order_id          INTEGER NOT NULL,
    saga              INTEGER NOT NULL,
    user_id           INTEGER NOT NULL,
    product_id        INTEGER NOT NULL,
    quantity          INTEGER NOT NULL CHECK (quantity > 0),
    address           TEXT    NOT NULL,
    expected_delivery TEXT    NOT NULL,
    status            TEXT    NOT NULL CHECK (status IN ('scheduled', 'cancelled', 'left')),
    at                INTEGER NOT NULL
) STRICT;

-- An order has one shipment that stands.
CREATE UNIQUE INDEX standing_shipments ON shipments (tenant, order_id) WHERE status <> 'cancelled';
CREATE INDEX shipments_of_order ON shipments (tenant, order_id);

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
