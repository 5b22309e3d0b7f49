-- Money is minor units of a currency (ISO 4217). balance = opening - charges + refunds, always.
CREATE TABLE accounts (
    tenant   INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    currency TEXT    NOT NULL CHECK (length(currency) = 3),
    opening  INTEGER NOT NULL CHECK (opening >= 0),
    balance  INTEGER NOT NULL CHECK (balance >= 0),
    PRIMARY KEY (tenant, user_id, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE charges (
    id       INTEGER PRIMARY KEY,
    tenant   INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    saga     INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount >= 0),
    currency TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    FOREIGN KEY (tenant, user_id, currency) REFERENCES accounts (tenant, user_id, currency)
) STRICT;

CREATE INDEX charges_of_order ON charges (tenant, order_id);
CREATE INDEX charges_of_account ON charges (tenant, user_id, currency);

-- A charge is given back at most once, whole: that is what the key says.
CREATE TABLE refunds (
    charge INTEGER PRIMARY KEY REFERENCES charges (id),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    at     INTEGER NOT NULL
) STRICT;

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
