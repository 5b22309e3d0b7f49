-- What may be forgotten: an event is found by its age. (Effects by their key, tenant by tenant, the oldest sagas first.)
CREATE INDEX seen_events_at ON seen_events (at);
