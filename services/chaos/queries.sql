-- name: balance
SELECT balance FROM account

-- name: change
UPDATE account SET balance = balance + ?

-- name: take
INSERT INTO moves (saga, step, amount) VALUES (?, ?, ?)

-- name: stands
SELECT saga, step, sum(amount) FROM entries WHERE saga = ? AND step = ?
GROUP BY saga, step HAVING sum(taken) > sum(returned)

-- name: of_ticket
SELECT saga, step, sum(amount) FROM entries WHERE saga = (SELECT saga FROM moves WHERE id = ?)
GROUP BY saga, step HAVING sum(taken) > sum(returned)

-- name: give_back
INSERT INTO returns (saga, step, amount) VALUES (?, ?, ?)

-- name: effects
SELECT saga, step, sum(taken), sum(returned), sum(amount) FROM entries
GROUP BY saga, step ORDER BY saga, step
