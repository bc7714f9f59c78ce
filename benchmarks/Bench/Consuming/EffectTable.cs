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
        await table.Database.ExecuteAsync(
            $"CREATE TABLE hot AS SELECT id, 0 AS value FROM generate_series(0, {ChangeHotRows.Rows - 1}) AS id; ALTER TABLE hot ADD PRIMARY KEY (id)");
        return table;
    }

    public async Task EmptyAsync()
    {
        await Database.ExecuteAsync("TRUNCATE effect, inbox_message");
        await Database.ExecuteAsync("CHECKPOINT");
    }

    public Task<long> CountAsync() => Database.ScalarAsync<long>("SELECT count(*) FROM effect");

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
