-- name: balance
SELECT balance FROM accounts
WHERE tenant = :tenant AND user_id = :user_id AND currency = :currency

-- name: move
UPDATE accounts SET balance = balance + :amount
WHERE tenant = :tenant AND user_id = :user_id AND currency = :currency

-- name: charge
INSERT INTO charges (tenant, order_id, saga, user_id, amount, currency, at)
VALUES (:tenant, :order_id, :saga, :user_id, :amount, :currency, :at)

-- name: last_charge
SELECT charges.id, charges.user_id, charges.amount, charges.currency, refunds.charge,
       charges.saga
FROM charges LEFT JOIN refunds ON refunds.charge = charges.id
WHERE charges.tenant = :tenant AND charges.order_id = :order_id
ORDER BY charges.id DESC LIMIT 1

-- name: refund
INSERT INTO refunds (charge, amount, at) VALUES (:charge, :amount, :at)

-- name: seed_account
INSERT INTO accounts (tenant, user_id, currency, opening, balance)
VALUES (:tenant, :user_id, :currency, :balance, :balance)
ON CONFLICT DO NOTHING

-- name: ledger
SELECT accounts.tenant, accounts.user_id, accounts.currency, accounts.opening,
       coalesce(sum(charges.amount), 0), coalesce(sum(refunds.amount), 0), accounts.balance
FROM accounts
LEFT JOIN charges USING (tenant, user_id, currency)
LEFT JOIN refunds ON refunds.charge = charges.id
GROUP BY accounts.tenant, accounts.user_id, accounts.currency

-- name: payment
SELECT id, order_id, saga, status, amount, currency FROM payments
WHERE tenant = :tenant AND payment_id = :payment_id

-- name: pay
INSERT INTO payments (tenant, payment_id, order_id, saga, status, amount, currency,
                      created_at, updated_at)
VALUES (:tenant, :payment_id, :order_id, :saga, 'charged', :amount, :currency, :at, :at)

-- name: set_payment
UPDATE payments SET status = :status, amount = :amount, currency = :currency, updated_at = :at
WHERE id = :id

-- name: note_payment
INSERT INTO payment_events (payment, status, saga, round, amount, at)
VALUES (:id, :status, :saga, :round, :amount, :at)

-- name: payments
SELECT payments.tenant, payments.payment_id, payments.order_id, payments.currency,
       coalesce(sum(payment_events.amount) FILTER (WHERE payment_events.status = 'charged'), 0),
       coalesce(sum(payment_events.amount) FILTER (WHERE payment_events.status = 'refunded'), 0),
       CASE payments.status WHEN 'charged' THEN payments.amount ELSE 0 END
FROM payments LEFT JOIN payment_events ON payment_events.payment = payments.id
GROUP BY payments.id ORDER BY payments.id
