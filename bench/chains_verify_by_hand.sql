-- How many events of a chain made by hand are wrong: the counterpart of chains_by_hand.sql.
SELECT count(*)
FROM (
    SELECT *, lag(seq) OVER chain AS last_seq, lag(event_hash) OVER chain AS last_hash
    FROM events_by_hand
    WINDOW chain AS (PARTITION BY entity_id ORDER BY seq)
) AS event
WHERE seq IS DISTINCT FROM coalesce(last_seq, 0) + 1
   OR previous_event_hash IS DISTINCT FROM last_hash
   OR event_hash IS DISTINCT FROM digest(concat_ws('|', event_id, entity_id, payload, valid_from,
                                                   transaction_time, seq, previous_event_hash), 'sha256');
