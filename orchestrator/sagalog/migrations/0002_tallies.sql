-- How many sagas stand in each state: kept by the file itself, so that asking walks no saga.
CREATE TABLE tallies (
    tenant      INTEGER NOT NULL,
    definition  TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    sagas       INTEGER NOT NULL,
    PRIMARY KEY (tenant, definition, status)
) WITHOUT ROWID;

INSERT INTO tallies (tenant, definition, status, sagas)
SELECT tenant, definition, status, count(*) FROM sagas GROUP BY tenant, definition, status;

CREATE TRIGGER saga_begins AFTER INSERT ON sagas BEGIN
    INSERT INTO tallies (tenant, definition, status, sagas)
    VALUES (new.tenant, new.definition, new.status, 1)
    ON CONFLICT (tenant, definition, status) DO UPDATE SET sagas = sagas + 1;
END;

CREATE TRIGGER saga_moves AFTER UPDATE OF status ON sagas WHEN old.status <> new.status BEGIN
    UPDATE tallies SET sagas = sagas - 1
     WHERE tenant = old.tenant AND definition = old.definition AND status = old.status;
    INSERT INTO tallies (tenant, definition, status, sagas)
    VALUES (new.tenant, new.definition, new.status, 1)
    ON CONFLICT (tenant, definition, status) DO UPDATE SET sagas = sagas + 1;
END;

CREATE TRIGGER saga_goes AFTER DELETE ON sagas BEGIN
    UPDATE tallies SET sagas = sagas - 1
     WHERE tenant = old.tenant AND definition = old.definition AND status = old.status;
END;
