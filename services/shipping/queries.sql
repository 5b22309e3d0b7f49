-- name: address
SELECT street, city, country FROM addresses WHERE tenant = :tenant AND user_id = :user_id

-- name: days
SELECT days FROM zones WHERE tenant = :tenant AND country = :country

-- name: schedule
INSERT INTO shipments (tenant, order_id, saga, user_id, product_id, quantity, address,
                       expected_delivery, status, at)
VALUES (:tenant, :order_id, :saga, :user_id, :product_id, :quantity, :address,
        :expected_delivery, 'scheduled', :at)

-- name: last_shipment
SELECT id, status, saga FROM shipments
WHERE tenant = :tenant AND order_id = :order_id
ORDER BY id DESC LIMIT 1

-- name: set_status
UPDATE shipments SET status = :status WHERE tenant = :tenant AND id = :id

-- name: seed_zone
INSERT INTO zones (tenant, country, days) VALUES (:tenant, :country, :days) ON CONFLICT DO NOTHING

-- name: seed_address
INSERT INTO addresses (tenant, user_id, street, city, country)
VALUES (:tenant, :user_id, :street, :city, :country)
ON CONFLICT DO NOTHING

-- name: shipments
SELECT tenant, id, order_id, user_id, product_id, quantity, address, expected_delivery, status
FROM shipments ORDER BY id

-- name: standing_by_order
SELECT tenant, order_id, count(*) FROM shipments WHERE status <> 'cancelled'
GROUP BY tenant, order_id ORDER BY tenant, order_id
