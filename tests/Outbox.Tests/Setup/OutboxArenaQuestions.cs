using System.Text.Json;
using Npgsql;

namespace Outbox.Tests;

/// <summary>What tests ask of the database and of deliveries.</summary>
public static class OutboxArenaQuestions
{
    /// <summary>The process id of the session that owns the outbox; null while nobody does.</summary>
    public static async Task<int?> OwnerAsync(this OutboxArena arena)
    {
        var owner = await arena.Arena.ScalarAsync<int>(
            $"""
            SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = {OutboxSql.OwnerLock} AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """);
        return owner == 0 ? null : owner;
    }

    /// <summary>The process id of the session that the relay has for this purpose; 0 while there is none.</summary>
    public static Task<int> SessionOfAsync(this OutboxArena arena, string purpose) => arena.Arena.ScalarAsync<int>(
        "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%relay ' || $1", purpose);

    /// <summary>Returns when the relay has read whatever was committed, and reads on: what may be published of it was given to the broker
    /// by then.</summary>
    public static async Task ReadsOnAsync(this OutboxArena arena)
    {
        var since = await arena.Arena.ScalarAsync<DateTime>("SELECT clock_timestamp()");
        // The first may be its falling asleep, the second a read, and when the third begins, that read has ended.
        for (var statement = 1; statement <= 3; statement++)
        {
            await Eventually.IsTrueAsync(async () => await LastAsync() > since, TimeSpan.FromSeconds(30), "the relay reads on");
            since = await LastAsync();
        }

        Task<DateTime> LastAsync() => arena.Arena.ScalarAsync<DateTime>(
            "SELECT query_start FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%relay reader'");
    }

    public static Task IsOwnedAsync(this OutboxArena arena) =>
        Eventually.IsTrueAsync(async () => await arena.OwnerAsync() is not null, TimeSpan.FromSeconds(30), "somebody owns the outbox");

    public static Task IsUnownedAsync(this OutboxArena arena) =>
        Eventually.IsTrueAsync(async () => await arena.OwnerAsync() is null, TimeSpan.FromSeconds(5), "nobody owns the outbox");

    /// <summary>The relay sleeps: it holds the sleep lock, so that producers notify it.</summary>
    public static Task IsAsleepAsync(this OutboxArena arena) => Eventually.IsTrueAsync(
        async () => await arena.Arena.ScalarAsync<long>(
            $"""
            SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = {OutboxSql.SleepLock} AND mode = 'ExclusiveLock' AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """) == 1,
        TimeSpan.FromSeconds(30), "the relay sleeps");

    public static int Number(this TapDelivery delivery)
    {
        using var body = JsonDocument.Parse(delivery.Body);
        return body.RootElement.GetProperty("number").GetInt32();
    }

    /// <summary>The numbers of the first arrival of each message of the key: what a consumer that dedupes would apply.</summary>
    public static int[] FirstArrivals(this IEnumerable<TapDelivery> deliveries, string? key) =>
        [.. deliveries.Where(delivery => delivery.Key == key).DistinctBy(delivery => delivery.MessageId).Select(Number)];

    /// <summary>Inserts a numbered message as part of the caller's transaction.</summary>
    public static async Task AddNoteAsync(this NpgsqlConnection connection, OutboxArena arena, int number, string? key)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO outbox_message (exchange, routing_key, type, key, body)
            VALUES ($1, 'notes.note-taken.v1', 'notes.note-taken.v1', $2, convert_to('{"number":' || $3 || '}', 'UTF8'))
            """,
            connection)
        {
            Parameters = { new() { Value = arena.Exchange }, new() { Value = (object?)key ?? DBNull.Value }, new() { Value = number.ToString(System.Globalization.CultureInfo.InvariantCulture) } },
        };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Commits a backlog of rows in one statement; the key is an SQL expression over n, which counts from 1.</summary>
    public static Task AddBacklogAsync(this OutboxArena arena, int count, string key = "NULL", string body = "'{\"number\":' || n || '}'") => arena.Arena.ExecuteAsync(
        $$"""
        INSERT INTO outbox_message (exchange, routing_key, type, key, body)
        SELECT $1, 'notes.note-taken.v1', 'notes.note-taken.v1', {{key}}, convert_to({{body}}, 'UTF8') FROM generate_series(1, {{count}}) AS n
        """,
        arena.Exchange);
}
