-- Every effect in the order in which it happened; nothing is ever changed or taken away.
CREATE TABLE effects (
    id        INTEGER PRIMARY KEY,
    saga      INTEGER NOT NULL,
    step      TEXT NOT NULL,
    direction TEXT NOT NULL,
    round     INTEGER NOT NULL
);
