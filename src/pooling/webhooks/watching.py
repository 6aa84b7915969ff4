"""What is added to the journal and programs are told of is queued for them, in the event's own transaction."""

from pooling.kernel.changes import Watch, watch

_QUEUE = """
INSERT INTO webhook_deliveries (group_id, webhook_id, event_id, state, tries, next_try_at, created_at)
SELECT e.group_id, w.id, e.id, 'waiting', 0, e.at, e.at
FROM events e JOIN webhooks w ON w.group_id = e.group_id AND w.stopped IS NULL AND e.name = ANY (w.kinds)
WHERE e.group_id = $1 AND e.id = ANY ($2::bigint[])"""


def watch_events() -> None:
    watch("events", Watch("id", _QUEUE, of=frozenset({"insert"})))
