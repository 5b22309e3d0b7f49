-- The front door's own view of every order, folded from events; money in minor units of a currency.
-- pending: taken here, its saga has not begun as far as is known. asked: its start is on the topic.
CREATE TABLE orders (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant            INTEGER NOT NULL,
    request_key       TEXT,
    user_id           INTEGER NOT NULL,
    product_id        INTEGER NOT NULL,
    quantity          INTEGER NOT NULL,
    status            TEXT    NOT NULL CHECK (status IN (
        'pending', 'placed', 'completed', 'failed', 'cancelling', 'cancelled')),
    amount            INTEGER,
    currency          TEXT,
    address           TEXT,
    expected_delivery TEXT,
    code              TEXT,
    reason            TEXT,
    http_status       INTEGER,
    undone            TEXT,
    asked             INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1)),
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    saga              INTEGER,
    UNIQUE (tenant, request_key)
) STRICT;

CREATE INDEX pending_orders ON orders (id) WHERE status = 'pending';

-- Requests to cancel an order, one open at a time; each is a saga of its own.
CREATE TABLE cancellations (
    tenant      INTEGER NOT NULL,
    order_id    INTEGER NOT NULL REFERENCES orders (id),
    number      INTEGER NOT NULL,
    why         TEXT    NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('open', 'done', 'failed')),
    code        TEXT,
    reason      TEXT,
    http_status INTEGER,
    asked       INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1)),
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, order_id, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX open_cancellations ON cancellations (tenant, order_id) WHERE status = 'open';

-- Orders that are led through a lifecycle, under the reference that the customer gave (trellis_orders in
-- seeds/001). saga_key: the request key of its saga; saga: its id, once it is known.
-- status: how its saga stands, as events tell; pending: it has not begun as far as is known, and asked:
-- its start is on the topic. state: what the order itself has on record, written by commands.
-- wanted: the input of the saga as it was asked for; items, address and result as JSON; money in minor
-- units of a currency. turned: being undone, and why; parked: the saga of it, perhaps its child, that a
-- person must look at.
CREATE TABLE lifecycles (
    id          INTEGER PRIMARY KEY,
    tenant      INTEGER NOT NULL,
    reference   TEXT    NOT NULL,
    saga_key    TEXT    NOT NULL,
    saga        INTEGER,
    status      TEXT    NOT NULL CHECK (status IN (
        'pending', 'running', 'needs_operator', 'completed', 'failing', 'failed', 'cancelling',
        'cancelled')),
    state       TEXT    NOT NULL CHECK (state IN (
        'new', 'received', 'validated', 'shipped', 'cancelled', 'failed')),
    wanted      TEXT    NOT NULL,
    payment_id  TEXT    NOT NULL,
    items       TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    amount      INTEGER,
    currency    TEXT,
    result      TEXT,
    code        TEXT,
    reason      TEXT,
    http_status INTEGER,
    undone      TEXT,
    late        INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
    turned      TEXT    NOT NULL DEFAULT '' CHECK (turned IN ('', 'cancelling', 'failing')),
    parked      INTEGER NOT NULL DEFAULT 0,
    asked       INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (tenant, reference),
    UNIQUE (tenant, saga_key),
    UNIQUE (tenant, saga)
) STRICT;

CREATE INDEX pending_lifecycles ON lifecycles (id) WHERE status = 'pending';
CREATE INDEX lifecycles_by_age ON lifecycles (tenant, created_at, id);
CREATE INDEX lifecycles_by_status ON lifecycles (tenant, status, created_at, id);
CREATE INDEX orders_by_age ON orders (tenant, created_at, id);
CREATE INDEX orders_by_status ON orders (tenant, status, created_at, id);

-- Everything that happened to an order, who did it and when, written in the transaction of the change
-- (trellis_events in seeds/001). saga: whose event it was, 0 if nobody's.
CREATE TABLE events (
    id        INTEGER PRIMARY KEY,
    lifecycle INTEGER NOT NULL REFERENCES lifecycles (id),
    saga      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    type      TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    data      TEXT    NOT NULL
) STRICT;

CREATE INDEX events_of_order ON events (lifecycle, at, id);

-- Where each step of an order stands, since when; those of its child saga among them (shipping/prepare).
CREATE TABLE steps (
    lifecycle INTEGER NOT NULL REFERENCES lifecycles (id),
    path      TEXT    NOT NULL,
    direction TEXT    NOT NULL CHECK (direction IN ('do', 'undo')),
    phase     TEXT    NOT NULL,
    round     INTEGER NOT NULL,
    attempt   INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (lifecycle, path)
) STRICT, WITHOUT ROWID;

-- What an order was told, and what became of it. id: the sender's Idempotency-Key; data: JSON.
-- pending: nothing is known yet; asked: it is on the topic.
CREATE TABLE signals (
    lifecycle  INTEGER NOT NULL REFERENCES lifecycles (id),
    id         TEXT    NOT NULL,
    signal     TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    data       TEXT    NOT NULL,
    outcome    TEXT    NOT NULL CHECK (outcome IN ('pending', 'held', 'applied', 'refused')),
    why        TEXT    NOT NULL DEFAULT '',
    asked      INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1)),
    created_at INTEGER NOT NULL,
    decided_at INTEGER,
    PRIMARY KEY (lifecycle, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX pending_signals ON signals (lifecycle, id) WHERE outcome = 'pending';

-- What is ordered, and where it goes, where nobody says so: from the seed data, as JSON.
CREATE TABLE defaults (
    tenant  INTEGER PRIMARY KEY,
    items   TEXT NOT NULL,
    address TEXT NOT NULL
) STRICT;
