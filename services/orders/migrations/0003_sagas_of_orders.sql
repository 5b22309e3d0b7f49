-- The saga that fulfills an order, once it is known.
ALTER TABLE orders ADD COLUMN saga INTEGER;
