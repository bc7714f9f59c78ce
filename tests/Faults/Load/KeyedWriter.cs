using Npgsql;

namespace Faults;

/// <summary>Another program that writes messages of its own into the outbox with plain SQL. Its messages share a few keys, so
/// that the order of a key can be seen in the effects; and its transactions dawdle, so that ids become visible out of turn.</summary>
internal sealed class KeyedWriter(Database database, string name, JsonLinesWriter<HistoryLine> history, Random random)
{
    private const int Keys = 4;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(80);

    // Writers of one key exclude each other by the key's row; so the order of ids is the order of commits.
    private const string Lock =
        """
        INSERT INTO faults.writer_key VALUES (@key) ON CONFLICT (key) DO UPDATE SET key = excluded.key
        """;

    private const string Schedule = "INSERT INTO faults.scheduled VALUES (@order, clock_timestamp() + @fails, @takes)";

    private const string Dawdle = "SELECT pg_sleep(@seconds)";

    /// <summary>Writes until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        NpgsqlConnection? connection = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                connection ??= await database.OpenAsync(CancellationToken.None);
                await WriteAsync(connection);
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException or IOException)
            {
                if (connection is not null)
                {
                    await connection.DisposeAsync();
                    connection = null;
                }
            }

            await Task.Delay(Pace, CancellationToken.None);
        }

        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task WriteAsync(NpgsqlConnection connection)
    {
        var key = $"{name}-key-{random.Next(Keys)}";
        var orders = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Guid.NewGuid()).ToList();
        var told = Told.Refused;
        string? reason = null;
        try
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await ExecuteAsync(connection, Lock, ("key", key));
            foreach (var order in orders)
            {
                await ExecuteAsync(connection, WrittenMessage.Insert(order, key));
                await ScheduleAsync(connection, order);
            }

            if (random.Next(100) < 20)
            {
                await ExecuteAsync(connection, Dawdle, ("seconds", random.NextDouble() * 0.4));
            }

            told = Told.Unknown;
            await transaction.CommitAsync();
            told = Told.Done;
        }
        catch (Exception exception)
        {
            reason = exception.GetType().Name;
            throw;
        }
        finally
        {
            orders.ForEach(order => history.Write(new HistoryLine(DateTime.UtcNow, Asked.Write, key, told, Order: order, Reason: reason)));
        }
    }

    private async Task ScheduleAsync(NpgsqlConnection connection, Guid order)
    {
        switch (random.Next(100))
        {
            case < 1:
                await ExecuteAsync(connection, Schedule, ("order", order), ("fails", TimeSpan.FromSeconds(1.2)), ("takes", DBNull.Value));
                break;
            case < 3:
                await ExecuteAsync(connection, Schedule, ("order", order), ("fails", DBNull.Value), ("takes", TimeSpan.FromMilliseconds(50)));
                break;
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var (parameter, value) in parameters)
        {
            command.Parameters.Add(value is DBNull
                ? new NpgsqlParameter(parameter, NpgsqlTypes.NpgsqlDbType.Interval) { Value = value }
                : new NpgsqlParameter(parameter, value));
        }

        await command.ExecuteNonQueryAsync();
    }
}
