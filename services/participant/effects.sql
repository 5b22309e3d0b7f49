-- name: effects
SELECT step, direction, outcome FROM inbox WHERE tenant = ? AND saga = ? ORDER BY step, direction, round

-- name: seen
SELECT 1 FROM seen_events WHERE id = ?
