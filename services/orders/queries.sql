-- name: order_by_id
SELECT id, tenant, user_id, product_id, quantity, status, amount, currency, address,
       expected_delivery, saga, created_at, updated_at, code, reason, http_status, undone
FROM orders WHERE tenant = :tenant AND id = :order_id

-- name: order_by_key
SELECT id, user_id, product_id, quantity FROM orders WHERE tenant = :tenant AND request_key = :key

-- name: take_order
INSERT INTO orders (tenant, request_key, user_id, product_id, quantity, status,
                    created_at, updated_at)
VALUES (?, ?, ?, ?, ?, 'pending', ?, ?)

-- name: order_placed
INSERT INTO orders (id, tenant, user_id, product_id, quantity, status, saga, asked,
                    created_at, updated_at)
VALUES (:order_id, :tenant, :user_id, :product_id, :quantity, 'placed', :saga, 1, :at, :at)
ON CONFLICT (id) DO UPDATE SET status = 'placed', saga = :saga, asked = 1, updated_at = :at
WHERE tenant = :tenant AND status = 'pending'

-- name: order_completed
INSERT INTO orders (id, tenant, user_id, product_id, quantity, status, amount, currency, address,
                    expected_delivery, saga, asked, created_at, updated_at)
VALUES (:order_id, :tenant, :user_id, :product_id, :quantity, 'completed', :amount, :currency,
        :address, :expected_delivery, :saga, 1, :at, :at)
ON CONFLICT (id) DO UPDATE SET status = 'completed', amount = :amount, currency = :currency,
    address = :address, expected_delivery = :expected_delivery, saga = :saga, asked = 1,
    updated_at = :at
WHERE tenant = :tenant AND status IN ('pending', 'placed')

-- name: order_failed
UPDATE orders SET status = 'failed', code = :code, reason = :reason, http_status = :status,
    undone = :undone, saga = :saga, asked = 1, updated_at = :at
WHERE tenant = :tenant AND id = :order_id AND status IN ('pending', 'placed')

-- name: set_status
UPDATE orders SET status = :status, updated_at = :at WHERE tenant = :tenant AND id = :order_id

-- name: pending_orders
SELECT id, tenant, user_id, product_id, quantity FROM orders
WHERE status = 'pending' AND id > :after AND created_at <= :before AND asked <= :asked
ORDER BY id LIMIT 200

-- name: order_asked
UPDATE orders SET asked = 1 WHERE tenant = :tenant AND id = :order_id

-- name: last_cancellation
SELECT number, status, code, reason, http_status FROM cancellations
WHERE tenant = :tenant AND order_id = :order_id
ORDER BY number DESC LIMIT 1

-- name: ask_cancellation
INSERT INTO cancellations (tenant, order_id, number, why, status, created_at)
VALUES (:tenant, :order_id, :number, :why, 'open', :at)

-- name: cancellation_done
UPDATE cancellations SET status = 'done'
WHERE tenant = :tenant AND order_id = :order_id AND status = 'open'

-- name: cancellation_failed
UPDATE cancellations SET status = 'failed', code = :code, reason = :reason, http_status = :status
WHERE tenant = :tenant AND order_id = :order_id AND number = :number AND status = 'open'

-- name: open_cancellations
SELECT tenant, order_id, number, why FROM cancellations
WHERE status = 'open' AND order_id > :after AND created_at <= :before AND asked <= :asked
ORDER BY order_id LIMIT 200

-- name: cancellation_asked
UPDATE cancellations SET asked = 1
WHERE tenant = :tenant AND order_id = :order_id AND number = :number

-- name: books
SELECT tenant, id, user_id, product_id, quantity, status, amount, currency FROM orders ORDER BY id
