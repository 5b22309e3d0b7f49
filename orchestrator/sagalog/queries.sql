-- Every statement on the saga log.

-- ---------------------------------------------------------------- writing

-- name: put_transition
-- The same again only moves to its new offset; anything else changes no row, which the store notices.
INSERT INTO transitions (saga, number, at, input, facts, log_offset)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (saga, number) DO UPDATE SET log_offset = excluded.log_offset
 WHERE at = excluded.at AND input = excluded.input AND facts = excluded.facts;

-- name: put_saga
-- Transitions that are read again must not set a saga back.
INSERT INTO sagas (id, tenant, definition, version, key, status, number, wake_at, created_at,
                   updated_at, code, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, status = excluded.status, number = excluded.number,
    wake_at = excluded.wake_at,
    updated_at = excluded.updated_at, code = excluded.code, reason = excluded.reason
 WHERE excluded.number >= number;

-- name: put_definition
INSERT INTO definitions (version, name, body) VALUES (?, ?, ?)
ON CONFLICT (version) DO UPDATE SET name = name WHERE body = excluded.body;

-- name: put_definition_place
INSERT INTO definition_places (partition, version, log_offset) VALUES (?, ?, ?)
ON CONFLICT (partition, version) DO UPDATE SET log_offset = excluded.log_offset;

-- name: put_rollout
INSERT INTO rollouts (partition, number, body, log_offset) VALUES (?, ?, ?, ?)
ON CONFLICT (partition, number) DO UPDATE SET log_offset = excluded.log_offset
 WHERE body = excluded.body;

-- name: put_partition
INSERT INTO partitions (partition, log, epoch, seq, log_offset, sent, at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (partition) DO UPDATE SET
    log = excluded.log, epoch = excluded.epoch, seq = excluded.seq,
    log_offset = excluded.log_offset, sent = excluded.sent, at = excluded.at;

-- name: displace_transitions
UPDATE transitions SET log_offset = 4503599627370496 + position
 WHERE partition = ? AND log_offset >= ? AND log_offset < 4503599627370496;

-- name: displace_definitions
UPDATE definition_places SET log_offset = 4503599627370496 + log_offset
 WHERE partition = ? AND log_offset >= ? AND log_offset < 4503599627370496;

-- name: displace_rollouts
UPDATE rollouts SET log_offset = 4503599627370496 + log_offset
 WHERE partition = ? AND log_offset >= ? AND log_offset < 4503599627370496;

-- name: conflicting_transition
SELECT 1 FROM transitions
 WHERE saga = ? AND number = ? AND NOT (at = ? AND input = ? AND facts = ?);

-- name: forget_sagas
DELETE FROM sagas WHERE partition = ?;

-- name: forget_transitions
DELETE FROM transitions WHERE partition = ?;

-- name: forget_definition_places
DELETE FROM definition_places WHERE partition = ?;

-- name: forget_rollouts
DELETE FROM rollouts WHERE partition = ?;

-- name: forget_partition
DELETE FROM partitions WHERE partition = ?;

-- ---------------------------------------------------------------- setting a partition aside

-- name: attach_aside
ATTACH ? AS aside;

-- name: detach_aside
DETACH aside;

-- name: copy_sagas
INSERT INTO aside.sagas (id, tenant, definition, version, key, status, number, wake_at, created_at,
                         updated_at, code, reason)
SELECT id, tenant, definition, version, key, status, number, wake_at, created_at, updated_at, code,
       reason
  FROM main.sagas WHERE partition = ?;

-- name: copy_transitions
INSERT INTO aside.transitions (saga, number, at, input, facts, log_offset)
SELECT saga, number, at, input, facts, log_offset
  FROM main.transitions WHERE partition = ? ORDER BY position;

-- name: copy_definitions
INSERT INTO aside.definitions (version, name, body)
SELECT version, name, body
  FROM main.definitions
 WHERE version IN (SELECT version FROM main.definition_places WHERE partition = ?);

-- name: copy_definition_places
INSERT INTO aside.definition_places (partition, version, log_offset)
SELECT partition, version, log_offset FROM main.definition_places WHERE partition = ?;

-- name: copy_rollouts
INSERT INTO aside.rollouts (partition, number, body, log_offset)
SELECT partition, number, body, log_offset FROM main.rollouts WHERE partition = ?;

-- name: copy_partition
INSERT INTO aside.partitions (partition, log, epoch, seq, log_offset, sent, at)
SELECT partition, log, epoch, seq, log_offset, sent, at FROM main.partitions WHERE partition = ?;

-- ---------------------------------------------------------------- one saga

-- name: saga
SELECT id, partition, tenant, definition, version, key, status, number, wake_at, created_at,
       updated_at, code, reason
  FROM sagas
 WHERE id = :saga AND (:tenant IS NULL OR tenant = :tenant);

-- name: saga_by_key
SELECT id, partition, tenant, definition, version, key, status, number, wake_at, created_at,
       updated_at, code, reason
  FROM sagas
 WHERE tenant = ? AND definition = ? AND key = ?;

-- name: history
SELECT saga, number, at, input, facts FROM transitions WHERE saga = ? ORDER BY number;

-- ---------------------------------------------------------------- timers, recovery

-- name: due
SELECT id, wake_at FROM sagas WHERE partition = ? AND wake_at <= ? ORDER BY wake_at LIMIT ?;

-- name: next_wake
SELECT min(wake_at) FROM sagas WHERE partition = ? AND wake_at IS NOT NULL;

-- name: owed
-- How many wake-ups of a partition are owed, so many at most, and since when.
SELECT count(*), min(wake_at)
  FROM (SELECT wake_at FROM sagas INDEXED BY sagas_to_wake
         WHERE partition = ? AND wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at LIMIT ?);

-- name: open_sagas
-- By the two partial indexes: however many have ended, they are not looked at.
SELECT id FROM sagas INDEXED BY sagas_to_wake
 WHERE partition = :partition AND wake_at IS NOT NULL
UNION ALL
SELECT id FROM sagas INDEXED BY sagas_without_wake
 WHERE partition = :partition AND wake_at IS NULL AND status NOT IN ('completed', 'failed')
 ORDER BY id;

-- name: oldest_open
SELECT min(id) FROM (
    SELECT min(id) AS id FROM sagas INDEXED BY sagas_to_wake
     WHERE partition = :partition AND wake_at IS NOT NULL
    UNION ALL
    SELECT min(id) AS id FROM sagas INDEXED BY sagas_without_wake
     WHERE partition = :partition AND wake_at IS NULL AND status NOT IN ('completed', 'failed')
);

-- name: last_saga
SELECT max(id) FROM sagas WHERE partition = ?;

-- name: partition
SELECT partition, log, epoch, seq, log_offset, sent, at FROM partitions WHERE partition = ?;

-- name: partitions
SELECT partition, log, epoch, seq, log_offset, sent, at FROM partitions ORDER BY partition;

-- name: transitions_from
SELECT log_offset, saga, number, at, input, facts FROM transitions
 WHERE partition = ? AND log_offset >= ? AND log_offset < ? ORDER BY log_offset LIMIT ?;

-- name: definitions_from
SELECT places.log_offset, places.version, definitions.body
  FROM definition_places AS places JOIN definitions USING (version)
 WHERE places.partition = ? AND places.log_offset >= ? AND places.log_offset < ?
 ORDER BY places.log_offset;

-- name: rollouts_from
SELECT log_offset, number, body FROM rollouts
 WHERE partition = ? AND log_offset >= ? AND log_offset < ? ORDER BY log_offset;

-- name: rollouts
SELECT body FROM rollouts WHERE partition = ? ORDER BY number;

-- name: versions
SELECT version FROM definition_places WHERE partition = ? AND log_offset < 4503599627370496;

-- ---------------------------------------------------------------- people

-- name: list_sagas
-- The newest of each status, then the newest of these: so every part is a short walk of one index.
SELECT id, partition, tenant, definition, version, key, status, number, wake_at, created_at,
       updated_at, code, reason
  FROM sagas
 WHERE id IN (
            SELECT * FROM (
                SELECT id FROM sagas
                 WHERE tenant = :tenant AND status = 'running' AND id < :after
                   AND (:status IS NULL OR :status = 'running')
                   AND (:definition IS NULL OR definition = :definition)
                 ORDER BY id DESC LIMIT :limit)
            UNION ALL
            SELECT * FROM (
                SELECT id FROM sagas
                 WHERE tenant = :tenant AND status = 'compensating' AND id < :after
                   AND (:status IS NULL OR :status = 'compensating')
                   AND (:definition IS NULL OR definition = :definition)
                 ORDER BY id DESC LIMIT :limit)
            UNION ALL
            SELECT * FROM (
                SELECT id FROM sagas
                 WHERE tenant = :tenant AND status = 'needs_operator' AND id < :after
                   AND (:status IS NULL OR :status = 'needs_operator')
                   AND (:definition IS NULL OR definition = :definition)
                 ORDER BY id DESC LIMIT :limit)
            UNION ALL
            SELECT * FROM (
                SELECT id FROM sagas
                 WHERE tenant = :tenant AND status = 'completed' AND id < :after
                   AND (:status IS NULL OR :status = 'completed')
                   AND (:definition IS NULL OR definition = :definition)
                 ORDER BY id DESC LIMIT :limit)
            UNION ALL
            SELECT * FROM (
                SELECT id FROM sagas
                 WHERE tenant = :tenant AND status = 'failed' AND id < :after
                   AND (:status IS NULL OR :status = 'failed')
                   AND (:definition IS NULL OR definition = :definition)
                 ORDER BY id DESC LIMIT :limit))
 ORDER BY id DESC LIMIT :limit;

-- name: counts
SELECT status, sum(sagas) FROM tallies GROUP BY status HAVING sum(sagas) > 0;

-- name: counts_of_tenant
SELECT status, sum(sagas) FROM tallies WHERE tenant = ? GROUP BY status HAVING sum(sagas) > 0;

-- name: counts_of_definitions
SELECT definition, status, sum(sagas) FROM tallies GROUP BY definition, status;

-- name: stalest
-- By the two partial indexes of the open sagas.
SELECT id, partition, tenant, definition, version, key, status, number, wake_at, created_at,
       updated_at, code, reason
  FROM sagas INDEXED BY sagas_to_wake
 WHERE wake_at IS NOT NULL AND (:tenant IS NULL OR tenant = :tenant)
   AND (:status IS NULL OR status = :status) AND (:definition IS NULL OR definition = :definition)
UNION ALL
SELECT id, partition, tenant, definition, version, key, status, number, wake_at, created_at,
       updated_at, code, reason
  FROM sagas INDEXED BY sagas_without_wake
 WHERE wake_at IS NULL AND status NOT IN ('completed', 'failed')
   AND (:tenant IS NULL OR tenant = :tenant)
   AND (:status IS NULL OR status = :status) AND (:definition IS NULL OR definition = :definition)
 ORDER BY updated_at, id LIMIT :limit;

-- name: sagas_by_key
-- A range of the index that makes request keys unique.
SELECT id, partition, tenant, definition, version, key, status, number, wake_at, created_at,
       updated_at, code, reason
  FROM sagas
 WHERE tenant = :tenant AND definition = :definition AND key >= :first AND key < :end
 ORDER BY key LIMIT :limit;

-- name: wakeless
SELECT id, partition, tenant, definition, version, key, status, number, wake_at, created_at,
       updated_at, code, reason
  FROM sagas INDEXED BY sagas_without_wake
 WHERE wake_at IS NULL AND status NOT IN ('completed', 'failed') AND status <> 'needs_operator'
 ORDER BY id LIMIT ?;

-- name: definition
SELECT body FROM definitions WHERE version = ?;

-- name: definitions
SELECT version, name, body FROM definitions ORDER BY name, version;

-- ---------------------------------------------------------------- comparing two files, row for row

-- name: compare_sagas
SELECT id, tenant, definition, version, key, status, number, wake_at, created_at, updated_at, code,
       reason
  FROM sagas ORDER BY id;

-- name: compare_transitions
SELECT saga, number, at, input, facts FROM transitions ORDER BY saga, number;

-- name: compare_definitions
SELECT version, name, body FROM definitions ORDER BY version;

-- name: compare_rollouts
SELECT partition, number, body FROM rollouts ORDER BY partition, number;

-- name: compare_tallies
SELECT tenant, definition, status, sagas FROM tallies WHERE sagas > 0
 ORDER BY tenant, definition, status;

-- name: home
SELECT embedded FROM home;

-- name: settle
INSERT INTO home (only, embedded) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET embedded = excluded.embedded;

-- ---------------------------------------------------------------- measuring

-- name: latest_of_definition
SELECT id FROM sagas WHERE definition = ? ORDER BY id DESC LIMIT ?;
