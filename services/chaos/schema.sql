-- What was taken for a step of a saga. No key forbids a second row or a second return: that there is none
-- is what the books show, and the chaos run compares.
CREATE TABLE moves (
    id     INTEGER PRIMARY KEY,
    saga   INTEGER NOT NULL,
    step   TEXT    NOT NULL,
    amount INTEGER NOT NULL
) STRICT;

CREATE INDEX moves_of_step ON moves (saga, step);

CREATE TABLE returns (
    id     INTEGER PRIMARY KEY,
    saga   INTEGER NOT NULL,
    step   TEXT    NOT NULL,
    amount INTEGER NOT NULL
) STRICT;

CREATE INDEX returns_of_step ON returns (saga, step);

-- The one account: what is in it changes with every move, and must be what the moves come to.
CREATE TABLE account (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    balance INTEGER NOT NULL
) STRICT;

-- What was taken and given back, together: what stands of a step is the sum of its amounts.
CREATE VIEW entries (saga, step, taken, returned, amount) AS
SELECT saga, step, 1, 0, amount FROM moves
UNION ALL
SELECT saga, step, 0, 1, -amount FROM returns;
