-- What can be ordered; prices in minor units of a currency (ISO 4217).
CREATE TABLE products (
    tenant     INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
