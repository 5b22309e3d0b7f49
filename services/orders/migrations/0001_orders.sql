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
