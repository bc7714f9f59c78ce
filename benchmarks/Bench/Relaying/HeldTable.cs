using System.Data;
using System.Diagnostics;
using Bench.Measuring;
using Bench.Results;
using Bench.Setup;
using Npgsql;

namespace Bench.Relaying;

/// <summary>A table through which many rows have passed while one snapshot, taken before, is still held: nothing that they
/// left behind can be vacuumed.</summary>
internal sealed class HeldTable : IAsyncDisposable
{
    private static readonly TimeSpan LetItSettle = TimeSpan.FromMilliseconds(200);

    private readonly Run _run;
    private readonly BoundQueue _queue;
    private readonly OutboxTable _table;
    private readonly NpgsqlConnection _holder;
    private readonly RunningRelay _relay;

    private HeldTable(Run run, BoundQueue queue, OutboxTable table, NpgsqlConnection holder, RunningRelay relay, double growth) =>
        (_run, _queue, _table, _holder, _relay, Growth) = (run, queue, table, holder, relay, growth);

    /// <summary>How large the table was when all had been marked, for each byte it had when nothing had been.</summary>
    public double Growth { get; }

    public static async Task<HeldTable> CreateAsync(Run run, BoundQueue queue, int passed)
    {
        Run.Progress($"relay-aged: passing {Number.Text(passed)} rows under a snapshot ...");
        var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        var holder = await table.Database.Source.OpenConnectionAsync();
        var transaction = await holder.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await using (var look = new NpgsqlCommand("SELECT count(*) FROM outbox_message", holder, transaction))
        {
            await look.ExecuteScalarAsync();
        }

        await table.FillAsync(passed);
        var before = await SizeAsync(table);
        var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        try
        {
            await relay.SentAsync(passed, run.Stop);
        }
        catch (Exception)
        {
            // It would go on beside the workloads that come after.
            await relay.DisposeAsync();
            await holder.DisposeAsync();
            throw;
        }

        return new HeldTable(run, queue, table, holder, relay, (double)await SizeAsync(table) / before);
    }

    public Task SettleAsync() => _table.SettleAsync();

    /// <summary>By the relay that has passed the others.</summary>
    public Task<Sample> DrainAsync(int rows) => new Drain(_run, _queue, _table).FromCommitBesideOthersAsync(_relay, rows);

    /// <summary>Milliseconds from the commit of a row, whose id many others have passed meanwhile, until it is marked.</summary>
    public async Task<Sample> LateCommitAsync()
    {
        const int others = 5_000;
        await using var late = await _table.Database.Source.OpenConnectionAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await using (var insert = new NpgsqlCommand(_table.InsertSql(rows: 1), late, transaction))
        {
            await insert.ExecuteNonQueryAsync();
        }

        var sent = _relay.Sent;
        await _table.FillAsync(others);
        await _relay.SentAsync(sent + others, _run.Stop);
        await Task.Delay(LetItSettle);
        var all = _relay.SentAsync(sent + others + 1, _run.Stop);
        var watch = Stopwatch.StartNew();
        await transaction.CommitAsync();
        await all;
        return new Sample(watch.Elapsed.TotalMilliseconds);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _holder.DisposeAsync();
        await _table.DisposeAsync();
    }

    private static Task<long> SizeAsync(OutboxTable table) => table.Database.ScalarAsync<long>("SELECT pg_relation_size('outbox_message')");
}
