namespace Outbox;

/// <summary>All SQL of the outbox. Tables are named without a schema: the connection's search_path chooses it.</summary>
internal static class OutboxSql
{
    /// <summary>First key of the advisory locks of this library; the second is the table's oid. "outb" in ASCII: the lock of
    /// the owner, held for as long as a relay owns the table.</summary>
    public const int OwnerLock = 0x6f757462;

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
}
