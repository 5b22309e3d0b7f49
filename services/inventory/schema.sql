-- Pieces. available = opening - reserved + restored, always.
CREATE TABLE stock (
    tenant     INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    opening    INTEGER NOT NULL CHECK (opening >= 0),
    available  INTEGER NOT NULL CHECK (available >= 0),
    PRIMARY KEY (tenant, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (
    id          INTEGER PRIMARY KEY,
    tenant      INTEGER NOT NULL,
    order_id    INTEGER NOT NULL,
    saga        INTEGER NOT NULL,
    product_id  INTEGER NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    at          INTEGER NOT NULL,
    restored_at INTEGER,
    FOREIGN KEY (tenant, product_id) REFERENCES stock (tenant, product_id)
) STRICT;

-- An order holds one reservation at a time.
CREATE UNIQUE INDEX open_reservations ON reservations (tenant, order_id) WHERE restored_at IS NULL;
CREATE INDEX reservations_of_order ON reservations (tenant, order_id);
CREATE INDEX reservations_of_product ON reservations (tenant, product_id);
