using Bench.Measuring;
using Bench.Setup;
using Npgsql;

namespace Bench.Relaying;

/// <summary>Commits rows while a relay is asleep, and takes the time from that commit until the last row is marked.</summary>
internal sealed class Drain(Run run, BoundQueue queue, OutboxTable table) : IAsyncDisposable
{
    public async Task<Sample> RunAsync(int rows, string key = "NULL", string retention = "7d")
    {
        await table.EmptyAsync();
        await queue.EmptyAsync();
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange, ("Outbox:Retention", retention));
        var sample = await RunAsync(relay, rows, key);
        await table.RequireAllSentAsync();
        return sample;
    }

    /// <summary>The same beside all rows that the table holds already.</summary>
    public async Task<Sample> RunOnAsync(int rows)
    {
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        return await RunWithAsync(relay, rows);
    }

    /// <summary>The same by a relay that is at work already.</summary>
    public async Task<Sample> RunWithAsync(RunningRelay relay, int rows)
    {
        await table.CheckpointAsync();
        await queue.EmptyAsync();
        return await RunAsync(relay, rows);
    }

    /// <summary>Takes the time of <paramref name="rows"/> rows out of a backlog, and fills the backlog up again.</summary>
    public async Task<Sample> RunFromBacklogAsync(int rows)
    {
        await table.CheckpointAsync();
        await queue.EmptyAsync();
        Sample sample;
        long sent;
        await using (var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange))
        {
            await relay.SentAsync(1, run.Stop);
            var meter = await CostMeter.StartAsync(run.Arena, table.Database);
            var before = relay.Sent;
            await relay.SentAsync(before + rows, run.Stop);
            sample = await meter.StopAsync(relay.Sent - before);
            sent = relay.Sent;
        }

        await table.FillAsync((int)sent);
        return sample;
    }

    private async Task<Sample> RunAsync(RunningRelay relay, int rows, string key = "NULL")
    {
        await using var connection = await table.Database.Source.OpenConnectionAsync(run.Stop);
        await using var transaction = await connection.BeginTransactionAsync(run.Stop);
        await using (var insert = new NpgsqlCommand(table.InsertSql(rows, key), connection, transaction))
        {
            await insert.ExecuteNonQueryAsync(run.Stop);
        }

        var all = relay.SentAsync(relay.Sent + rows, run.Stop);
        // Before the commit: the relay is not to work while the meter is read.
        var meter = await CostMeter.StartAsync(run.Arena, table.Database);
        await transaction.CommitAsync(CancellationToken.None);
        await all;
        var sample = await meter.StopAsync(rows);
        var arrived = await queue.CountAsync();
        return arrived == rows ? sample : throw new BenchException($"{rows} rows were relayed, but {arrived} messages are in the queue.");
    }

    /// <summary>See <see cref="OutboxTable.SettleAsync"/>.</summary>
    public Task SettleAsync() => table.SettleAsync();

    public ValueTask DisposeAsync() => table.DisposeAsync();
}
