namespace Outbox;

/// <summary>All SQL of the outbox. Tables are named without a schema: the connection's search_path chooses it.</summary>
internal static class OutboxSql
{
    // The first keys of the advisory locks of this library; the second is the table's oid unless it is said.

    /// <summary>"outb" in ASCII: held by the session of the owner, for as long as it owns the table.</summary>
    public const int OwnerLock = 0x6f757462;

    /// <summary>"sess" in ASCII: held by the session that owns, or stands by to own; the second key is its server process. Whoever asks
    /// for it without waiting learns whether that session lives, for less than a look through all locks.</summary>
    public const int SessionLock = 0x73657373;

    /// <summary>"chrg" in ASCII: held shared by a statement that charges rows, until what it has done is to be seen.</summary>
    public const int ChargeLock = 0x63687267;

    /// <summary>"wake" in ASCII: held exclusively by a relay that sleeps, shared by each producer that found it awake.</summary>
    public const int SleepLock = 0x77616b65;

    // NOTIFY takes a lock that is global to the cluster and holds it until the commit is flushed, so it is paid for only
    // while the relay sleeps. An advisory lock and not a flag in a row: the shared lock lasts until the producer's
    // transaction has ended, so a relay that got the exclusive one knows that nobody who believed it awake is still to
    // commit. A flag is read by the producer's snapshot, which is older than a relay that fell asleep since.
    public static readonly string CreateWakeUp =
        $"""
        CREATE FUNCTION outbox_message_wake_up() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF NOT pg_try_advisory_xact_lock_shared({SleepLock}, TG_RELID::int) THEN
                PERFORM pg_notify('outbox_message_' || TG_RELID, '');
            END IF;
            RETURN NULL;
        END
        $body$;

        CREATE TRIGGER outbox_message_wake_up AFTER INSERT ON outbox_message
            FOR EACH STATEMENT EXECUTE FUNCTION outbox_message_wake_up();
        """;

    public const string DropWakeUp =
        """
        DROP TRIGGER outbox_message_wake_up ON outbox_message;
        DROP FUNCTION outbox_message_wake_up();
        """;

    /// <summary>Subscribes to the notifications of <see cref="CreateWakeUp"/>.</summary>
    public static string Listen(uint table) => $"LISTEN outbox_message_{table}";

    /// <summary>What the relay must know of the database before it may own the table.</summary>
    public const string Inspect =
        """
        SELECT c.oid, pg_backend_pid(), a.attidentity::text, s.seqcache, s.seqrelid,
               current_setting('fsync'), current_setting('synchronous_commit'), c.relpersistence = 'u'
        FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'
        LEFT JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
            AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
        LEFT JOIN pg_sequence s ON s.seqrelid = d.objid
        WHERE c.oid = to_regclass('outbox_message')
        """;

    // What every session of the relay works by, whatever a role or a database sets for everybody. Bounds of theirs would end a look
    // through much, and a term with it: ours are the client's. transaction_timeout is there from PostgreSQL 17 on.
    //
    // Sequential and bitmap scans walk every dead entry of a busy outbox, merge and hash joins all of the table; the small partial
    // indexes in id order never need to. The planner would choose otherwise while statistics are missing or old. And it would plan
    // ReadPending anew each time, since it takes @limit for a tenth of the table where it does not know it: that takes longer than
    // reading a row. By its estimate for that plan a large table has it compiled at each execution, which takes longer still.
    //
    // Parallel workers would take the cores of others, and put the end of WalkDue anywhere.
    //
    // No statement here needs more than a snapshot of its own. What a serializable one has looked through may cost producers their
    // transactions, or itself be what the server ends.
    //
    // With several hosts in the connection string any session may lead to a standby, whose locks say nothing of the owner and its
    // producers.
    public const string PrepareSession =
        """
        SELECT pg_is_in_recovery(), count(set_config(name, own.value, false))
        FROM pg_settings
        JOIN (VALUES ('statement_timeout', '0'), ('lock_timeout', '0'), ('idle_session_timeout', '0'), ('transaction_timeout', '0'),
            ('default_transaction_isolation', 'read committed'),
            ('enable_seqscan', 'off'), ('enable_bitmapscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
            ('max_parallel_workers_per_gather', '0'), ('jit', 'off'), ('plan_cache_mode', 'force_generic_plan')) AS own (name, value) USING (name)
        """;

    // The lease: when the owner falls silent, the server itself ends the session and frees the lock. tcp_user_timeout does
    // the same for an owner whose network is gone.
    public const string LimitSession =
        """
        SELECT set_config('idle_session_timeout', @lease, false),
               set_config('idle_in_transaction_session_timeout', @lease, false),
               set_config('tcp_user_timeout', @lease, false),
               set_config('statement_timeout', @statement, false)
        """;

    public const string HoldSession = "SELECT pg_advisory_lock(@session, pg_backend_pid())";

    // Tried, never waited for: a session that waits in pg_advisory_lock holds a snapshot, which keeps VACUUM from removing
    // anything, and still gets the lock after its client was killed.
    //
    // Not while a charge is under way, whose relay may be gone already: BlockedKeys would miss it, and a read that came after it would
    // pass over the row and find a later one of its key.
    //
    // Null if another table has this name by now.
    public const string TryOwn =
        """
        SELECT CASE
            WHEN to_regclass('outbox_message')::oid::int IS DISTINCT FROM @table THEN NULL
            WHEN NOT pg_try_advisory_lock(@class, @table) THEN false
            WHEN pg_try_advisory_xact_lock(@charge, @table) THEN true
            ELSE NOT pg_advisory_unlock(@class, @table) END
        """;

    public const string Heartbeat = "SELECT 1";

    /// <summary>The owner's heartbeat: whether the table that it owns still has this name. Another one that has taken its place, as a restore
    /// does it, has locks and ids of its own.</summary>
    public const string OwnerHeartbeat = "SELECT to_regclass('outbox_message')::oid::int IS NOT DISTINCT FROM @table";

    // One statement, one snapshot. Were the gaps or a key's evicted rows looked up by a statement of their own, a later
    // transaction of the same key could become visible between the two and be published first.
    //
    // Cut by id over everything: what is left out is above all that is taken, so a page never takes a later row before an
    // earlier one. And cut by bytes, so that a page of large rows does not fill the memory. created_at is brought within
    // what a client can represent: one row that cannot be read would stop all.
    //
    // Its columns, by number: 0 id, 1 message_id, 2 exchange, 3 routing_key, 4 type, 5 key, 6 content_type, 7 headers, 8 trace_parent,
    // 9 body, 10 created_at, 11 attempts, 12 whether it is deferred, 13 whether its time is still to come, 14 the bytes of the page so far.
    public const string ReadPending =
        """
        (SELECT id, message_id, exchange, routing_key, type, key, content_type, headers, trace_parent, body,
                greatest(timestamptz '1970-01-01', least(timestamptz '9999-01-01', created_at)), attempts,
                due_at IS NOT NULL, coalesce(due_at > now(), false), bytes
         FROM (
             SELECT *, sum(size) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS bytes
             FROM (
                 -- gap: ids that were skipped because their transactions had not committed. Without them a cursor loses rows.
                 (SELECT m.*
                  FROM unnest(@gap_low, @gap_high, @gap_watch, @gap_most) AS gap (low, high, watch, most)
                  CROSS JOIN LATERAL (
                      SELECT * FROM outbox_message
                      WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NULL AND id >= gap.low AND id <= gap.high
                      ORDER BY id
                      LIMIT gap.most) AS m
                  -- Those that wait for a watch hold nothing new before one of its transactions has ended.
                  WHERE gap.watch = 0 OR gap.watch IN (
                      SELECT watch FROM unnest(@holder_watch, @holder, @holder_xid) AS held (watch, holder, xid)
                      WHERE CASE
                          -- Of one that has written only this snapshot can say that: once committed it may keep its locks a moment longer.
                          WHEN xid IS NOT NULL THEN pg_visible_in_snapshot(xid::text::xid8, pg_current_snapshot())
                          -- Of one that has not, no snapshot can; but one that is still there after this snapshot was taken, and still
                          -- without a transaction id, had committed nothing.
                          ELSE holder NOT IN (
                              SELECT virtualtransaction FROM pg_locks
                              GROUP BY virtualtransaction
                              HAVING bool_or(locktype = 'virtualxid' AND mode = 'ExclusiveLock')
                                  AND NOT bool_or(locktype = 'transactionid' AND mode = 'ExclusiveLock'))
                          END))
                 UNION ALL
                 -- line: rows of a key that were not kept in memory, deferred ones included, since they hold back those behind them.
                 (SELECT m.*
                  FROM unnest(@line_key, @line_from, @line_most) AS line (key, low, most)
                  CROSS JOIN LATERAL (
                      SELECT * FROM outbox_message
                      WHERE sent_at IS NULL AND parked_at IS NULL AND key = line.key AND id >= line.low
                      ORDER BY id
                      LIMIT line.most) AS m)
                 UNION ALL
                 -- due: rows without a key of which WalkDue has told that their time has come. By their ids: an index on due_at could
                 -- serve a plain comparison, and would be walked from its beginning.
                 (SELECT * FROM outbox_message
                  WHERE sent_at IS NULL AND parked_at IS NULL AND coalesce(due_at <= now(), true) AND id = ANY (@due))
                 UNION ALL
                 -- page: what is new above the cursor. Without the cursor, each read walks all index entries of rows that were sent since
                 -- the oldest running snapshot began.
                 (SELECT * FROM outbox_message
                  WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NULL AND id > @cursor
                  ORDER BY id
                  LIMIT @limit)
             ) AS found
             CROSS JOIN LATERAL (
                 SELECT octet_length(body) + 2 * (coalesce(octet_length(headers::text), 0) + coalesce(octet_length(key), 0)
                     + coalesce(octet_length(trace_parent), 0) + octet_length(exchange) + octet_length(routing_key) + octet_length(type)
                     + octet_length(content_type)) AS size) AS sized
             ORDER BY id
             LIMIT @limit
         ) AS page
         WHERE bytes - size < @bytes
         ORDER BY id)
        UNION ALL
        -- The last row, without an id, is there only if the owner's session has ended: the next owner may have deferred a row, which is
        -- in no branch then, and one behind it of the same key would go first. Asked after the snapshot was taken: if the session lives
        -- then, nobody else has owned the table yet in what the snapshot shows.
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        WHERE pg_try_advisory_xact_lock_shared(@session, @owner)
        """;

    // Rows whose time has come, a stretch at a time: those that wait behind another of their key stay here for as long as it does, and
    // a read that passed over all of them each time would take longer the more there are.
    //
    // The last row, without an id, says up to when it has looked, and for how long, in seconds: of those that were sent since the oldest
    // snapshot began there may be many more than it finds. And in how many seconds the next one comes, whoever has deferred it; brought
    // within a minute first, since no time is so far from now as infinity.
    public const string WalkDue =
        """
        (SELECT id, key, greatest(timestamptz '1970-01-01', due_at), NULL::float8, NULL::float8
         FROM outbox_message
         WHERE sent_at IS NULL AND parked_at IS NULL AND due_at <= now() AND (due_at, id) > (@due_at, @due_id)
         ORDER BY due_at, id
         LIMIT @limit)
        UNION ALL
        SELECT NULL, NULL, now(), extract(epoch FROM clock_timestamp() - now())::float8,
               (SELECT extract(epoch FROM least(due_at, now() + interval '1 minute') - now())
                FROM outbox_message
                WHERE sent_at IS NULL AND parked_at IS NULL AND due_at > now()
                ORDER BY due_at, id
                LIMIT 1)::float8
        """;

    // The last id that was given out; null if none was. A role that may not read the sequence takes the highest that is to be seen.
    public const string LastId =
        """
        SELECT coalesce(
            CASE WHEN has_sequence_privilege(@sequence, 'USAGE, SELECT') THEN pg_sequence_last_value(@sequence) END,
            (SELECT max(id) FROM outbox_message))
        """;

    // Who may still commit a row with an id that was skipped: everyone who has called nextval holds this lock on the
    // identity's sequence until the end of the transaction. Snapshots would not tell: nextval takes no transaction id, so
    // a paused COPY or a slow BEFORE trigger would be missed. pid is null for prepared transactions, hence the virtual one.
    // With the transaction id of those that have one, in 64 bits: the lowest, those of savepoints are above it.
    public const string IdHolders =
        """
        SELECT virtualtransaction, min(next + ((transactionid::text::bigint - next + 2147483648) & 4294967295) - 2147483648)
        FROM pg_locks CROSS JOIN (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) AS snapshot
        WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' OR locktype = 'relation' AND relation = @sequence
            AND mode = 'RowExclusiveLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        GROUP BY virtualtransaction
        HAVING bool_or(locktype = 'relation')
        """;

    // Keys whose next message is deferred: a new owner must not let later messages of the key pass. Rows whose time has come
    // count too, since a page need not hold all of them.
    public const string BlockedKeys =
        """
        SELECT key, min(id)
        FROM outbox_message
        WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NOT NULL AND key IS NOT NULL
        GROUP BY key
        """;

    // While asleep the session may be silent for a poll interval; awake it waits for room as long as the broker is away.
    public const string FallAsleep =
        """
        WITH sleep AS MATERIALIZED (SELECT pg_try_advisory_lock(@class, @table) AS locked)
        SELECT locked, CASE WHEN locked THEN set_config('idle_session_timeout', @silence, false) END FROM sleep
        """;

    public const string WakeUp = "SELECT pg_advisory_unlock(@class, @table), set_config('idle_session_timeout', '0', false)";

    // By the message too, and not by the id alone: after a fail-over that has lost some commits, or a restore, other rows may have
    // the ids of those that were confirmed before it.
    //
    // No join, and a CASE that keeps the planner from making one of it: where it takes the table for empty, a join walks all of it and
    // compares each row with each of the confirmed. It takes it for empty after an ANALYZE that came while all rows were deleted, or while
    // those of a large transaction were not committed yet, and until the next one.
    public const string Mark =
        """
        UPDATE outbox_message
        SET sent_at = now()
        WHERE id = ANY (@ids) AND CASE WHEN (id, message_id) IN (SELECT * FROM unnest(@ids, @messages)) THEN sent_at IS NULL END
        """;

    public const string DeleteConfirmed =
        """
        DELETE FROM outbox_message
        WHERE id = ANY (@ids) AND CASE WHEN (id, message_id) IN (SELECT * FROM unnest(@ids, @messages)) THEN true END
        """;

    // A row is charged only as this relay has seen it, and only while this relay owns the table: one that lost it without
    // knowing must not park or defer what the new owner is publishing. First the lock, then the question: who owns the table after that
    // has waited for the charge. It waits for a row no longer than its client would: that may have been killed, and nobody could own the
    // table as long as somebody else keeps the row locked.
    //
    // By all the ids too: where the planner takes the table for empty, the join compares only these rows with each of the refused.
    public const string Charge =
        """
        UPDATE outbox_message AS m
        SET attempts = least(m.attempts, 2147483646) + 1,
            last_error = refused.error,
            due_at = CASE WHEN m.attempts >= refused.max_attempts - 1 THEN NULL ELSE now() + refused.delay END,
            parked_at = CASE WHEN m.attempts >= refused.max_attempts - 1 THEN now() END
        FROM unnest(@ids, @messages, @seen, @max_attempts, @delays, @errors) AS refused (id, message_id, seen, max_attempts, delay, error)
        WHERE m.id = ANY (@ids) AND m.id = refused.id AND m.message_id = refused.message_id AND m.attempts = refused.seen
            AND m.sent_at IS NULL AND m.parked_at IS NULL
            AND CASE WHEN (SELECT pg_try_advisory_xact_lock_shared(@charge, @key) AND set_config('lock_timeout', @wait, true) IS NOT NULL)
                THEN (SELECT NOT pg_try_advisory_xact_lock_shared(@session, @owner)) END
        RETURNING m.id, m.parked_at IS NOT NULL
        """;

    // Walks upwards from where the last pass ended. A delete by sent_at alone would scan the whole table for each batch. By sent_at
    // too, since only that is judged again of a row whose lock had to be waited for: an operator may have had it sent once more.
    //
    // What was written less than a retention ago was not sent before: a batch without any that is older than that is where the rest of
    // the table begins that nothing can be purged of.
    public const string Purge =
        """
        WITH batch AS MATERIALIZED (
            SELECT id, sent_at IS NOT NULL AS sent, sent_at < now() - @retention AS old, created_at < now() - @retention AS aged
            FROM outbox_message
            WHERE id > @done
            ORDER BY id
            LIMIT @limit),
        purged AS (
            DELETE FROM outbox_message
            WHERE id = ANY (ARRAY (SELECT id FROM batch WHERE old)) AND sent_at < now() - @retention
            RETURNING 1)
        SELECT count(*), max(id), min(id) FILTER (WHERE sent AND NOT old), (SELECT count(*) FROM purged), coalesce(bool_or(aged), false)
        FROM batch
        """;

    public const string Backlog =
        """
        SELECT (SELECT count(*) FROM outbox_message WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NULL),
               (SELECT count(*) FROM outbox_message WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NOT NULL),
               (SELECT count(*) FROM outbox_message WHERE parked_at IS NOT NULL AND sent_at IS NULL),
               coalesce(extract(epoch FROM clock_timestamp() - greatest(timestamptz '1970-01-01', least(
                   (SELECT least(timestamptz '9999-01-01', created_at) FROM outbox_message
                    WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NULL ORDER BY id LIMIT 1),
                   (SELECT least(timestamptz '9999-01-01', min(created_at)) FROM outbox_message
                    WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NOT NULL)))), 0)::float8
        """;
}
