-- Payments of order lifecycles (trellis_payments in seeds/001). The customer gives each its id, which
-- belongs to one order for good: asked again for the same order, it is the same payment.
CREATE TABLE payments (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL,
    payment_id TEXT    NOT NULL,
    order_id   TEXT    NOT NULL,
    saga       INTEGER NOT NULL,
    status     TEXT    NOT NULL CHECK (status IN ('charged', 'refunded')),
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    currency   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (tenant, payment_id)
) STRICT;

-- What became of each, and when: written in the transaction of the change.
CREATE TABLE payment_events (
    id       INTEGER PRIMARY KEY,
    payment  INTEGER NOT NULL REFERENCES payments (id),
    status   TEXT    NOT NULL CHECK (status IN ('charged', 'refunded')),
    saga     INTEGER NOT NULL,
    round    INTEGER NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount >= 0),
    at       INTEGER NOT NULL
) STRICT;

CREATE INDEX events_of_payment ON payment_events (payment);
