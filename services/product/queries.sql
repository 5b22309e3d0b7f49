-- name: product
SELECT name, unit_price, currency FROM products WHERE tenant = :tenant AND id = :product_id

-- name: seed_product
INSERT INTO products (tenant, id, name, unit_price, currency)
VALUES (:tenant, :id, :name, :unit_price, :currency)
ON CONFLICT DO NOTHING

-- name: catalogue
SELECT tenant, id, name, unit_price, currency FROM products ORDER BY tenant, id
