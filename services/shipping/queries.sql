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
INSERT INTO zones (tenant, country, days, alpha3) VALUES (:tenant, :country, :days, :alpha3)
ON CONFLICT (tenant, country) DO UPDATE SET alpha3 = :alpha3 WHERE alpha3 IS NULL

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

-- name: served
SELECT 1 FROM zones WHERE tenant = :tenant AND :country IN (country, alpha3)

-- name: last_package
SELECT id, status, saga FROM packages
WHERE tenant = :tenant AND order_id = :order_id
ORDER BY id DESC LIMIT 1

-- name: prepare
INSERT INTO packages (tenant, order_id, saga, status, items, address, created_at, updated_at)
VALUES (:tenant, :order_id, :saga, 'prepared', :items, :address, :at, :at)

-- name: set_package
UPDATE packages SET status = :status, items = coalesce(:items, items),
    address = coalesce(:address, address), updated_at = :at
WHERE id = :id

-- name: dispatch
UPDATE packages SET status = 'dispatched', carrier = :carrier, tracking_number = :tracking,
    updated_at = :at
WHERE id = :id

-- name: note_package
INSERT INTO package_events (package, status, saga, round, address, at)
SELECT id, status, :saga, :round, address, :at FROM packages WHERE id = :id

-- name: standing_packages
SELECT count(*), count(DISTINCT tenant || ' ' || order_id) FROM packages
WHERE status <> 'unprepared'
