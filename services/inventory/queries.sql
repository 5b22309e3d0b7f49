-- name: take
UPDATE stock SET available = available - :quantity
WHERE tenant = :tenant AND product_id = :product_id AND available >= :quantity

-- name: reserve
INSERT INTO reservations (tenant, order_id, saga, product_id, quantity, at)
VALUES (:tenant, :order_id, :saga, :product_id, :quantity, :at)

-- name: last_reservation
SELECT id, product_id, quantity, restored_at, saga FROM reservations
WHERE tenant = :tenant AND order_id = :order_id
ORDER BY id DESC LIMIT 1

-- name: close
UPDATE reservations SET restored_at = :at WHERE tenant = :tenant AND id = :id

-- name: put_back
UPDATE stock SET available = available + :quantity
WHERE tenant = :tenant AND product_id = :product_id

-- name: seed_stock
INSERT INTO stock (tenant, product_id, opening, available)
VALUES (:tenant, :product_id, :quantity, :quantity)
ON CONFLICT DO NOTHING

-- name: holdings
SELECT stock.tenant, stock.product_id, stock.opening,
       coalesce(sum(reservations.quantity), 0),
       coalesce(sum(reservations.quantity) FILTER (WHERE reservations.restored_at IS NOT NULL), 0),
       stock.available
FROM stock LEFT JOIN reservations USING (tenant, product_id)
GROUP BY stock.tenant, stock.product_id
