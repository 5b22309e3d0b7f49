-- What was taken and given back, together: what stands of a step is the sum of its amounts.
CREATE VIEW entries (saga, step, taken, returned, amount) AS
SELECT saga, step, 1, 0, amount FROM moves
UNION ALL
SELECT saga, step, 0, 1, -amount FROM returns;
