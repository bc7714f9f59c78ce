using Bench.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Outbox;

namespace Bench.Relaying;

/// <summary>A database with the outbox table, as a migration makes it.</summary>
internal sealed class OutboxTable : IAsyncDisposable
{
    public const int BodyBytes = 500;
    public const string MessageType = "bench.row-written.v1";

    private static readonly TimeSpan VacuumDeadline = TimeSpan.FromMinutes(10);

    private readonly string _exchange;
    private readonly Func<OutboxContext> _contexts;

    private OutboxTable(Database database, string exchange)
    {
        (Database, _exchange) = (database, exchange);
        _contexts = ContextsWith(new OutboxOptions { Exchange = exchange });
    }

    public Database Database { get; }

    public static async Task<OutboxTable> CreateAsync(Arena arena, string exchange)
    {
        var table = new OutboxTable(await arena.NewDatabaseAsync(), exchange);
        await using var db = table.NewContext();
        await table.Database.CreateTablesAsync(db, migration => migration.CreateOutboxWakeUp());
        return table;
    }

    public OutboxContext NewContext() => _contexts();

    /// <summary>Takes contexts from a pool, as a service does, with these settings: those of a relay in this process, say, which then hears of their commits.</summary>
    public Func<OutboxContext> ContextsWith(OutboxOptions outbox)
    {
        var options = new DbContextOptionsBuilder<OutboxContext>().UseNpgsql(Database.Source).UseOutbox(outbox).Options;
        return new PooledDbContextFactory<OutboxContext>(options).CreateDbContext;
    }

    /// <summary>Commits <paramref name="rows"/> rows at once.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="key">The key as an SQL expression over n, which counts from 1.</param>
    /// <param name="sent">Whether they count as sent already.</param>
    public Task FillAsync(int rows, string key = "NULL", bool sent = false) => Database.ExecuteAsync(InsertSql(rows, key, sent));

    /// <summary>The statement that <see cref="FillAsync"/> runs.</summary>
    public string InsertSql(int rows, string key = "NULL", bool sent = false) =>
        $"""
        INSERT INTO outbox_message (exchange, routing_key, type, key, body, sent_at)
        SELECT '{_exchange}', '{MessageType}', '{MessageType}', {key}, convert_to(repeat('x', {BodyBytes}), 'UTF8'), {(sent ? "now()" : "NULL")}
        FROM generate_series(1, {rows}) AS n
        """;

    /// <summary>Removes all rows, and writes a checkpoint.</summary>
    public async Task EmptyAsync()
    {
        await Database.ExecuteAsync("TRUNCATE outbox_message");
        await CheckpointAsync();
    }

    /// <summary>Returns when nothing is left of the writing of its rows that the first repeat would have to bear, be it of this
    /// table or of another one of the server. Autovacuum leaves it alone from now on: under a held snapshot it would come back each
    /// minute, with nothing that it could remove, and take the cores of whatever is measured then.</summary>
    public async Task SettleAsync()
    {
        await Database.ExecuteAsync("ALTER TABLE outbox_message SET (autovacuum_enabled = off)");
        await Database.ExecuteAsync("VACUUM (ANALYZE) outbox_message");
        await CheckpointAsync();
        await Eventually.IsTrueAsync(
            async () => await Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'") == 0,
            VacuumDeadline,
            "autovacuum is done");
    }

    /// <summary>Writes a checkpoint now so that none falls into the next repeat.</summary>
    public Task CheckpointAsync() => Database.ExecuteAsync("CHECKPOINT");

    /// <exception cref="BenchException">Rows are left that were not sent.</exception>
    public async Task RequireAllSentAsync()
    {
        var left = await Database.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE sent_at IS NULL");
        if (left > 0)
        {
            throw new BenchException($"{left} rows were left unsent.");
        }
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
