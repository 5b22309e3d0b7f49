-- name: history
SELECT direction, round, outcome, type, data FROM inbox WHERE tenant = ? AND saga = ? AND step = ?

-- name: remember
INSERT INTO inbox (tenant, saga, step, direction, round, outcome, type, data, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: see_event
INSERT INTO seen_events (source, id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: join
INSERT INTO member (only, id) VALUES (1, ?) ON CONFLICT DO NOTHING

-- name: member
SELECT id FROM member

-- name: effects
SELECT step, direction, outcome FROM inbox WHERE tenant = ? AND saga = ?
ORDER BY step, direction, round

-- name: seen
SELECT EXISTS (SELECT 1 FROM seen_events WHERE id = ?)

-- name: effects_after
SELECT tenant, saga, step, direction, round, at FROM inbox
WHERE (tenant, saga, step, direction, round) > (?, ?, ?, ?, ?)
ORDER BY tenant, saga, step, direction, round LIMIT ?

-- name: forget_effect
DELETE FROM inbox WHERE tenant = ? AND saga = ? AND step = ? AND direction = ? AND round = ?

-- name: forget_events
DELETE FROM seen_events WHERE (id, source) IN (
    SELECT id, source FROM seen_events WHERE at < :before ORDER BY at LIMIT :most
)
