-- What may be forgotten is found by its saga, the oldest first; an event by its age.
CREATE INDEX inbox_sagas ON inbox (saga & 1023, saga);
CREATE INDEX seen_events_at ON seen_events (at);
