-- Which version new sagas get: what each partition's log says of it, in its order (from 1).
-- `log_offset` from 2^52 on: not in the topic now, to be appended again.
CREATE TABLE rollouts (
    partition   INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    log_offset  INTEGER NOT NULL,
    PRIMARY KEY (partition, number)
) WITHOUT ROWID;
