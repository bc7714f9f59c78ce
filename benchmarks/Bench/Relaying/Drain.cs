using Bench.Measuring;
using Bench.Setup;
using Npgsql;

namespace Bench.Relaying;

/// <summary>Commits rows and takes the time until the last one is marked.</summary>
internal sealed class Drain(Run run, BoundQueue queue, OutboxTable table)
{
    /// <summary>From the commit, when the relay is asleep, of rows that are alone in a table which is left empty.</summary>
    public async Task<Sample> FromCommitAsync(RunningRelay relay, int rows, string key = "NULL")
    {
        var sample = await FromCommitBesideOthersAsync(relay, rows, key);
        await table.RequireAllSentAsync();
        // At once: autovacuum would come for them while another table is measured.
        await table.EmptyAsync();
        return sample;
    }

    /// <summary>From the commit, when the relay is asleep, beside all rows that the table holds already.</summary>
    public async Task<Sample> FromCommitBesideOthersAsync(RunningRelay relay, int rows, string key = "NULL")
    {
        await table.CheckpointAsync();
        await queue.EmptyAsync();
        return await CommitAsync(relay, rows, key);
    }

    /// <summary>By a relay that has just started, from the first row that is marked, when others are on their way already, of rows that
    /// are alone in the table.</summary>
    public async Task<Sample> FromFirstMarkAsync(int rows)
    {
        await EmptyAsync();
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        var first = relay.SentAsync(1, run.Stop);
        await table.FillAsync(rows);
        await first;
        var sample = await FromNowAsync(relay, rows);
        await table.RequireAllSentAsync();
        return sample;
    }

    /// <summary>By a relay that has just started, from the first row that is marked out of a backlog, which is filled up again.</summary>
    public async Task<Sample> FromFirstMarkInBacklogAsync(int rows)
    {
        await table.CheckpointAsync();
        await queue.EmptyAsync();
        Sample sample;
        long sent;
        await using (var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange))
        {
            await relay.SentAsync(1, run.Stop);
            sample = await FromNowAsync(relay, relay.Sent + rows);
            sent = relay.Sent;
        }

        await table.FillAsync((int)sent);
        return sample;
    }

    /// <summary>From now, while the relay works, until it has marked so many rows since its start.</summary>
    public async Task<Sample> FromNowAsync(RunningRelay relay, long sent)
    {
        var meter = await CostMeter.StartAsync(run.Arena, table.Database, done: () => relay.Sent);
        await relay.SentAsync(sent, run.Stop);
        return await meter.StopAsync(relay.Sent);
    }

    private async Task EmptyAsync()
    {
        await table.EmptyAsync();
        await queue.EmptyAsync();
    }

    private async Task<Sample> CommitAsync(RunningRelay relay, int rows, string key)
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
}
