using Bench.Setup;
using Inbox;
using Microsoft.EntityFrameworkCore;

namespace Bench.Consuming;

/// <summary>A database with the inbox and a table for the effects.</summary>
internal sealed class EffectTable : IAsyncDisposable
{
    private EffectTable(Database database) => Database = database;

    public Database Database { get; }

    public static async Task<EffectTable> CreateAsync(Arena arena)
    {
        var table = new EffectTable(await arena.NewDatabaseAsync());
        var options = new DbContextOptionsBuilder<EffectContext>().UseNpgsql(table.Database.Source).Options;
        await using var db = new EffectContext(options);
        await table.Database.CreateTablesAsync(db, migration => migration.CreateInboxGuard());
        // By when its transaction began: of a batch that comes at once, the whole time counts.
        await table.Database.ExecuteAsync("ALTER TABLE effect ADD COLUMN at timestamptz NOT NULL DEFAULT now()");
        await table.Database.ExecuteAsync(
            $"CREATE TABLE hot AS SELECT id, 0 AS value FROM generate_series(0, {ChangeHotRows.Rows - 1}) AS id; ALTER TABLE hot ADD PRIMARY KEY (id)");
        return table;
    }

    public async Task EmptyAsync()
    {
        await Database.ExecuteAsync("TRUNCATE effect, inbox_message RESTART IDENTITY");
        await Database.ExecuteAsync("CHECKPOINT");
    }

    public Task<long> CountAsync() => Database.ScalarAsync<long>("SELECT count(*) FROM effect");

    /// <summary>Whether there are so many. Counts only once so many numbers have been given out: counting takes its time of the same
    /// cores.</summary>
    public async Task<bool> HoldsAsync(int effects) =>
        await Database.ScalarAsync<long>("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('effect', 'id')::regclass), 0)") >= effects
        && await CountAsync() >= effects;

    /// <summary>Effects a second, from those of the first transaction, which do not count, to the last.</summary>
    /// <exception cref="BenchException">One transaction had all of them.</exception>
    public async Task<double> RateAsync()
    {
        var rate = await Database.ScalarAsync<double>(
            """
            SELECT coalesce(count(*) / nullif(extract(epoch FROM max(at) - min(first)), 0), 0)::float8
            FROM effect CROSS JOIN (SELECT min(at) AS first FROM effect) AS began
            WHERE at > first
            """);
        return rate > 0 ? rate : throw new BenchException("All effects came at once: that is no rate.");
    }

    /// <exception cref="BenchException">An effect is missing or doubled.</exception>
    public async Task RequireEffectsAsync(int messages)
    {
        var effects = await CountAsync();
        var distinct = await Database.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM effect");
        if (effects != messages || distinct != messages)
        {
            throw new BenchException($"{messages} messages had {effects} effects, of {distinct} different messages.");
        }
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
