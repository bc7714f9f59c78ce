namespace Inbox;

/// <summary>All SQL of the inbox. Tables are named without a schema: the connection's search_path chooses it.</summary>
internal static class InboxSql
{
    // Lock waits are short where many messages share the transaction, so that a batch which meets another one's locks gives
    // way. The second setting ends, on the server, the session of a process that hangs: its locks would make every further
    // delivery of the same messages wait. A wait for a lock ends before the server gives up the statement, where a role or a database
    // bounds those of everybody: that would pass for a failure of the message. What a commit is worth is asked at the price of no round
    // trip: it may have changed since the consumer has subscribed.
    public const string SetBounds =
        """
        SELECT
            current_setting('fsync'),
            current_setting('synchronous_commit'),
            set_config('lock_timeout', CASE WHEN statement.timeout > 0 THEN greatest(least($1, statement.timeout / 2), 1) ELSE $1 END || 'ms', true),
            set_config('idle_in_transaction_session_timeout', $2 || 'ms', true),
            set_config('inbox.guard', 'closed', true)
        FROM (SELECT (1000 * extract(epoch FROM current_setting('statement_timeout')::interval))::bigint) AS statement (timeout)
        """;

    // An id that does not come back was handled before: only this statement may say so. Where another transaction is
    // handling the same message just now, it waits for that one's end. The ids come sorted: two batches with the same
    // messages in another order would deadlock. RETURNING has no order. The transaction's id tells the guard later
    // whether this is still the same transaction.
    public const string Insert =
        """
        INSERT INTO inbox_message (consumer, message_id, received_at, body_hash)
        SELECT $1, fresh.message_id, now(), fresh.body_hash
        FROM unnest($2, $3) AS fresh (message_id, body_hash)
        ON CONFLICT (consumer, message_id) DO NOTHING
        RETURNING message_id, pg_current_xact_id()
        """;

    // Tells a duplicate from another message under the same id, which must not be lost for one.
    public const string HashesOf =
        """
        SELECT message_id, body_hash FROM inbox_message WHERE consumer = $1 AND message_id = ANY($2)
        """;

    // The last statement of the inbox before every COMMIT. In a transaction that has failed, PostgreSQL answers COMMIT with
    // ROLLBACK and the client reports no error: a handler that swallowed a database error would have its message acked and lost.
    // This statement fails there (25P02). Another transaction id, or none, means that the handler has ended the
    // transaction by itself. Without synchronous_commit a crash of the server could take back what was acked.
    public const string Guard =
        """
        SELECT
            pg_current_xact_id_if_assigned(),
            current_setting('synchronous_commit'),
            set_config('inbox.guard', 'open', true)
        """;

    // What an interceptor of the context does in TransactionCommitting comes after the guard: whether COMMIT was answered with
    // ROLLBACK over it is asked afterwards.
    public const string StatusOf =
        """
        SELECT pg_xact_status($1)
        """;

    // A handler that commits by itself would commit the inbox rows of its whole batch, before the other messages have had
    // their effects: they would pass for handled. So the COMMIT of anybody who has not passed the guard fails. Whoever
    // inserts rows without closing the guard first is not concerned.
    public const string CreateGuard =
        """
        CREATE FUNCTION inbox_message_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF current_setting('inbox.guard', true) = 'closed' THEN
                RAISE EXCEPTION 'A handler has committed by itself; the inbox commits.' USING ERRCODE = 'IB001';
            END IF;
            RETURN NULL;
        END
        $body$;

        CREATE CONSTRAINT TRIGGER inbox_message_guard AFTER INSERT ON inbox_message
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inbox_message_guard();
        """;

    public const string DropGuard =
        """
        DROP TRIGGER inbox_message_guard ON inbox_message;
        DROP FUNCTION inbox_message_guard();
        """;

    /// <summary>What <see cref="CreateGuard"/> raises.</summary>
    public const string GuardClosed = "IB001";

    // The trigger is missing only where its table is there: without that nothing can be lost yet. One that is not set to fire always does
    // not while the session counts as one that replicates.
    public const string Inspect =
        """
        SELECT
            current_setting('fsync'),
            current_setting('synchronous_commit'),
            to_regclass('inbox_message') IS NULL OR EXISTS (
                SELECT FROM pg_trigger
                WHERE tgrelid = to_regclass('inbox_message') AND tgname = 'inbox_message_guard'
                    AND (tgenabled = 'A' OR tgenabled = 'O' AND current_setting('session_replication_role') <> 'replica')),
            EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('inbox_message') AND relpersistence = 'u'),
            to_regclass('inbox_message') IS NOT NULL
        """;

    // A rollback would wait behind the command that a handler has left running, and the locks of the transaction with it.
    public const string EndSession =
        """
        SELECT pg_terminate_backend($1)
        """;

    // From a remembered low end: each look would otherwise walk again the index entries of what was deleted since the last
    // vacuum. Rows that another process is deleting are left to it.
    public const string Purge =
        """
        WITH expired AS (
            SELECT consumer, message_id
            FROM inbox_message
            WHERE received_at >= $1 AND received_at < now() - $2
            ORDER BY received_at
            LIMIT $3
            FOR UPDATE SKIP LOCKED
        ), purged AS (
            DELETE FROM inbox_message AS handled
            USING expired
            WHERE handled.consumer = expired.consumer AND handled.message_id = expired.message_id
            RETURNING handled.received_at
        )
        SELECT count(*), max(received_at) FROM purged
        """;
}
