-- Every effect in the order in which it happened; nothing is ever changed or taken away. What a whole
-- saga did is taken back in one go where a saga that began it asks for that: direction "recall".
CREATE TABLE effects (
    id        INTEGER PRIMARY KEY,
    saga      INTEGER NOT NULL,
    step      TEXT NOT NULL,
    direction TEXT NOT NULL,
    round     INTEGER NOT NULL,
    ordered   INTEGER NOT NULL
);
