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
