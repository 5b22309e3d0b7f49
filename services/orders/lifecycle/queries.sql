-- name: by_reference
SELECT id, tenant, reference, saga_key, saga, status, state, wanted, payment_id, items, address, amount,
       currency, result, code, reason, http_status, undone, late, turned, parked, created_at, updated_at
FROM lifecycles WHERE tenant = :tenant AND reference = :reference

-- name: by_saga
SELECT id, tenant, reference, saga_key, saga, status, state, wanted, payment_id, items, address, amount,
       currency, result, code, reason, http_status, undone, late, turned, parked, created_at, updated_at
FROM lifecycles WHERE tenant = :tenant AND saga = :saga

-- name: by_saga_key
SELECT id, tenant, reference, saga_key, saga, status, state, wanted, payment_id, items, address, amount,
       currency, result, code, reason, http_status, undone, late, turned, parked, created_at, updated_at
FROM lifecycles WHERE tenant = :tenant AND saga_key = :saga_key

-- name: insert_lifecycle
INSERT INTO lifecycles (tenant, reference, saga_key, status, state, wanted, payment_id, items, address,
                        asked, created_at, updated_at)
VALUES (:tenant, :reference, :saga_key, 'pending', 'new', :wanted, :payment_id, :items, :address,
        :asked, :at, :at)

-- name: bind_saga
UPDATE lifecycles SET saga = :saga, asked = 1, updated_at = :at WHERE id = :id

-- name: set_status
UPDATE lifecycles SET status = :status, updated_at = :at WHERE id = :id

-- name: set_state
UPDATE lifecycles SET state = :state, updated_at = :at WHERE id = :id

-- name: set_amount
UPDATE lifecycles SET amount = :amount, currency = :currency WHERE id = :id

-- name: set_address
UPDATE lifecycles SET address = :address, updated_at = :at WHERE id = :id

-- name: set_result
UPDATE lifecycles SET result = :result, amount = :amount, currency = :currency WHERE id = :id

-- name: set_failure
UPDATE lifecycles SET code = :code, reason = :reason, http_status = :status, undone = :undone
WHERE id = :id

-- name: set_late
UPDATE lifecycles SET late = 1, updated_at = :at WHERE id = :id

-- name: set_turned
UPDATE lifecycles SET turned = :turned WHERE id = :id

-- name: set_parked
UPDATE lifecycles SET parked = :parked WHERE id = :id

-- name: note
INSERT INTO events (lifecycle, saga, at, type, actor, data)
VALUES (:id, :saga, :at, :type, :actor, :data)

-- name: history
-- Of what happened in the same millisecond the end comes last: it is told on another topic than the
-- steps are, and so perhaps heard of before them.
SELECT id, at, saga, type, actor, data, ends
FROM (
    SELECT *, type = 'status' AND data ->> 'to' IN ('completed', 'failed', 'cancelled') AS ends
    FROM events WHERE lifecycle = :id AND at >= :at
)
WHERE (at, ends, id) > (:at, :ends, :after)
ORDER BY at, ends, id LIMIT :limit

-- name: troubles
-- From the end of the history: what a person is waited for is among the last that happened.
SELECT saga, data FROM events WHERE lifecycle = :id AND type = 'needs_operator'
ORDER BY at DESC, id DESC

-- name: step
INSERT INTO steps (lifecycle, path, direction, phase, round, attempt, at)
VALUES (:id, :path, :direction, :phase, :round, :attempt, :at)
ON CONFLICT (lifecycle, path) DO UPDATE SET direction = :direction, phase = :phase, at = :at,
    round = coalesce(nullif(:round, 0), round), attempt = coalesce(nullif(:attempt, 0), attempt)

-- name: steps
SELECT path, direction, phase, round, attempt, at FROM steps WHERE lifecycle = :id

-- name: stuck
SELECT EXISTS (SELECT 1 FROM steps WHERE lifecycle = :id AND phase = 'stuck')

-- name: signal
SELECT id, signal, actor, reason, data, outcome, why, created_at, decided_at FROM signals
WHERE lifecycle = :id AND id = :signal_id

-- name: insert_signal
INSERT INTO signals (lifecycle, id, signal, actor, reason, data, outcome, why, asked, created_at,
                     decided_at)
VALUES (:id, :signal_id, :signal, :actor, :reason, :data, :outcome, :why, :asked, :at, :decided_at)

-- name: decide_signal
UPDATE signals SET outcome = :outcome, why = :why, decided_at = :at, asked = 1
WHERE lifecycle = :id AND id = :signal_id AND outcome IN ('pending', 'held')

-- name: pending_lifecycles
SELECT id, tenant, reference, saga_key, wanted FROM lifecycles
WHERE status = 'pending' AND id > :after AND created_at <= :before AND asked <= :asked
ORDER BY id LIMIT 200

-- name: lifecycle_asked
UPDATE lifecycles SET asked = 1 WHERE id = :id

-- name: pending_signals
SELECT signals.lifecycle, tenant, reference, saga_key, signals.id, signal, actor, signals.reason, data
FROM signals JOIN lifecycles ON lifecycles.id = signals.lifecycle
WHERE outcome = 'pending' AND (signals.lifecycle, signals.id) > (:after, :after_id)
      AND signals.created_at <= :before AND signals.asked <= :asked
ORDER BY signals.lifecycle, signals.id LIMIT 200

-- name: signal_asked
UPDATE signals SET asked = 1 WHERE lifecycle = :id AND id = :signal_id

-- name: seed_defaults
INSERT INTO defaults (tenant, items, address) VALUES (:tenant, :items, :address)
ON CONFLICT DO NOTHING

-- name: defaults
SELECT items, address FROM defaults WHERE tenant = :tenant

-- name: page
SELECT kind, id, reference, created_at FROM (
    SELECT * FROM (
        SELECT 'fulfillment' AS kind, id, NULL AS reference, created_at FROM orders
        WHERE tenant = :tenant AND (:status IS NULL OR status = :status)
              AND (created_at < :at OR (created_at = :at AND :kind = 'fulfillment' AND id < :id))
        ORDER BY created_at DESC, id DESC LIMIT :limit)
    UNION ALL
    SELECT * FROM (
        SELECT 'lifecycle' AS kind, id, reference, created_at FROM lifecycles
        WHERE tenant = :tenant AND (:status IS NULL OR status = :status)
              AND (created_at < :at OR (created_at = :at AND (:kind = 'fulfillment' OR id < :id)))
        ORDER BY created_at DESC, id DESC LIMIT :limit))
ORDER BY created_at DESC, kind, id DESC LIMIT :limit

-- name: books
SELECT tenant, reference, status, state, payment_id, amount, currency FROM lifecycles ORDER BY id

-- name: refuse_signals
UPDATE signals SET outcome = 'refused', why = :why, decided_at = :at
WHERE lifecycle = :id AND outcome = 'pending'
