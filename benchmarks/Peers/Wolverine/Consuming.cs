using Npgsql;
using Wolverine;
using Wolverine.RabbitMQ;

namespace WolverinePeer;

/// <summary>Handles what is in the queue with a durable inbox.</summary>
public static class Consuming
{
    private const int Parallel = 16;
    private const ushort Prefetch = 400;

    public static void Configure(WolverineOptions options, Settings settings)
    {
        options.Discovery.IncludeType(typeof(CountingHandler));
        options.ListenToRabbitQueue(settings.Queue)
            .DisableDeadLetterQueueing()
            .PreFetchCount(Prefetch)
            .MaximumParallelMessages(Parallel)
            .DefaultIncomingMessage<Counting>()
            .UseDurableInbox();
    }
}

public sealed record Counting(int Number, string Padding);

/// <summary>One insert. Without its package for EF Core there is no shared transaction of handler and inbox.</summary>
public static class CountingHandler
{
    public static async Task HandleAsync(Counting message, Envelope envelope, NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("INSERT INTO effect (message_id, number) VALUES ($1, $2)");
        command.Parameters.Add(new NpgsqlParameter { Value = envelope.Id });
        command.Parameters.Add(new NpgsqlParameter { Value = message.Number });
        await command.ExecuteNonQueryAsync();
    }
}
