using System.Diagnostics;
using Bench.Setup;

namespace Bench.Measuring;

/// <summary>Reads what a piece of work costs the client, the broker and the database.</summary>
internal sealed class CostMeter
{
    private readonly Arena _arena;
    private readonly Database? _database;
    private readonly int? _client;
    private readonly Stopwatch _watch;
    private readonly Readings _before;

    private CostMeter(Arena arena, Database? database, int? client, Readings before)
    {
        (_arena, _database, _client, _before) = (arena, database, client, before);
        _watch = Stopwatch.StartNew();
    }

    /// <summary>Starts reading.</summary>
    /// <param name="arena">Whose servers are read.</param>
    /// <param name="database">Any database of the server that is read; null where the work has none.</param>
    /// <param name="client">The process under test; null for this one.</param>
    public static async Task<CostMeter> StartAsync(Arena arena, Database? database, int? client = null) =>
        new(arena, database, client, await ReadAsync(arena, database, client));

    /// <summary>Messages a second until now, and the costs of each of them.</summary>
    /// <exception cref="BenchException">There were none.</exception>
    public async Task<Sample> StopAsync(long messages)
    {
        if (messages <= 0)
        {
            throw new BenchException("All was done before anything could be measured.");
        }

        var elapsed = _watch.Elapsed;
        var after = await ReadAsync(_arena, _database, _client);
        return new Sample(
            messages / elapsed.TotalSeconds,
            new Costs(
                (after.Client - _before.Client).TotalMicroseconds / messages,
                (after.Broker - _before.Broker).TotalMicroseconds / messages,
                _database is null ? null : (after.Database - _before.Database).TotalMicroseconds / messages,
                _database is null ? null : (double)(after.Wal - _before.Wal) / messages,
                _client is null ? (double)(after.Allocated - _before.Allocated) / messages : null));
    }

    private static async Task<Readings> ReadAsync(Arena arena, Database? database, int? client) => new(
        client is { } process ? ProcessTree.CpuTime(process) : Process.GetCurrentProcess().TotalProcessorTime,
        ProcessTree.CpuTime(arena.BrokerProcess),
        ProcessTree.CpuTime(arena.DatabaseProcess),
        database is null ? 0 : await database.ScalarAsync<long>("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"),
        GC.GetTotalAllocatedBytes());

    private sealed record Readings(TimeSpan Client, TimeSpan Broker, TimeSpan Database, long Wal, long Allocated);
}
