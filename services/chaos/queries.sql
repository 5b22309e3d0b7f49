-- name: balance
SELECT balance FROM account

-- name: change
UPDATE account SET balance = balance + ?

-- name: take
INSERT INTO moves (saga, step, amount) VALUES (?, ?, ?)

-- name: give_back
INSERT INTO returns (saga, step, amount) VALUES (?, ?, ?)

-- name: effects
SELECT saga, step, sum(taken), sum(returned), sum(amount)
FROM (
    SELECT saga, step, 1 AS taken, 0 AS returned, amount FROM moves
    UNION ALL
    SELECT saga, step, 0, 1, -amount FROM returns
)
GROUP BY saga, step ORDER BY saga, step
