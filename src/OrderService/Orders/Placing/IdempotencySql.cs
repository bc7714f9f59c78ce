namespace OrderService.Orders.Placing;

/// <summary>The SQL of idempotency keys. Their age is told by the database's clock alone.</summary>
internal static class IdempotencySql
{
    // The unique key decides among any number of requests at once: the others wait here until the winner's transaction has
    // ended, and then change nothing. A key that has expired counts as absent even before it is purged.
    // {0} key, {1} body hash, {2} order id.
    public const string Claim =
        """
        INSERT INTO idempotency_key AS known (key, body_hash, order_id)
        VALUES ({0}, {1}, {2})
        ON CONFLICT (key) DO UPDATE
        SET body_hash = excluded.body_hash, order_id = excluded.order_id, created_at = excluded.created_at
        WHERE known.created_at < now() - interval '24 hours'
        """;

    /// <summary>How many keys <see cref="Purge"/> deletes at most: a long transaction would hold back vacuum everywhere.</summary>
    public const int PurgeBatch = 1_000;

    public static readonly string Purge =
        $"""
        DELETE FROM idempotency_key
        WHERE key IN (
            SELECT key FROM idempotency_key
            WHERE created_at < now() - interval '24 hours'
            ORDER BY created_at
            LIMIT {PurgeBatch}
            FOR UPDATE SKIP LOCKED)
        """;
}
