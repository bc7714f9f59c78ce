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
    private readonly ServerReading _serversBefore;
    private readonly ClientReading _clientBefore;
    private readonly Func<long>? _done;
    private readonly long _doneWhenRead;
    private readonly long _doneWhenTimed;

    private CostMeter(Arena arena, Database? database, int? client, ServerReading before, Func<long>? done, long doneWhenRead, long doneWhenTimed)
    {
        (_arena, _database, _client, _serversBefore, _done) = (arena, database, client, before, done);
        (_doneWhenRead, _doneWhenTimed) = ((doneWhenRead + doneWhenTimed) / 2, doneWhenTimed);
        // Last, and first at the end: reading the servers is work of this process too.
        _clientBefore = ReadClient(client);
        _watch = Stopwatch.StartNew();
    }

    /// <summary>Starts reading.</summary>
    /// <param name="arena">Whose servers are read.</param>
    /// <param name="database">Any database of the server that is read; null where the work has none.</param>
    /// <param name="client">The process under test; null for this one.</param>
    /// <param name="done">Counts the messages of work that is under way already; null where it begins later. Reading the servers takes a
    /// while: their costs are shared among what is done from the middle of one reading to the middle of the other.</param>
    public static async Task<CostMeter> StartAsync(Arena arena, Database? database, int? client = null, Func<long>? done = null)
    {
        var doneWhenRead = done?.Invoke() ?? 0;
        var before = await ReadServersAsync(arena, database);
        return new CostMeter(arena, database, client, before, done, doneWhenRead, done?.Invoke() ?? 0);
    }

    /// <summary>Messages a second until now, and the costs of each of them.</summary>
    /// <param name="done">How many are done by now, by the count with which this was started.</param>
    /// <exception cref="BenchException">There were none.</exception>
    public async Task<Sample> StopAsync(long done)
    {
        if (done <= _doneWhenTimed)
        {
            throw new BenchException("All was done before anything could be measured.");
        }

        var elapsed = _watch.Elapsed;
        var client = ReadClient(_client);
        var after = await ReadServersAsync(_arena, _database);
        var timed = done - _doneWhenTimed;
        var messages = ((done + (_done?.Invoke() ?? done)) / 2) - _doneWhenRead;
        return new Sample(
            timed / elapsed.TotalSeconds,
            new Costs(
                (client.CpuTime - _clientBefore.CpuTime).TotalMicroseconds / timed,
                (after.Broker - _serversBefore.Broker).TotalMicroseconds / messages,
                _database is null ? null : (after.Database - _serversBefore.Database).TotalMicroseconds / messages,
                _database is null ? null : (double)(after.Wal - _serversBefore.Wal) / messages,
                _client is null ? (double)(client.Allocated - _clientBefore.Allocated) / timed : null));
    }

    private static ClientReading ReadClient(int? process) => new(
        process is { } other ? ProcessTree.CpuTime(other) : Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes());

    private static async Task<ServerReading> ReadServersAsync(Arena arena, Database? database) => new(
        ProcessTree.CpuTime(arena.BrokerProcess),
        ProcessTree.CpuTime(arena.DatabaseProcess),
        database is null ? 0 : await database.ScalarAsync<long>("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"));

    private sealed record ClientReading(TimeSpan CpuTime, long Allocated);

    private sealed record ServerReading(TimeSpan Broker, TimeSpan Database, long Wal);
}
