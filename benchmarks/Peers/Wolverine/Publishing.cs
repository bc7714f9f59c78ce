using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Wolverine;
using Wolverine.RabbitMQ;
using Wolverine.RDBMS;
using Wolverine.Runtime;

namespace WolverinePeer;

/// <summary>Commits orders with three lines, each with a message in the durable outbox of the same transaction, which is
/// flushed after the commit.</summary>
public static class Publishing
{
    private const int Singly = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    public static void Configure(WolverineOptions options, Settings settings) =>
        options.PublishMessage<PurchaseMade>().ToRabbitQueue(settings.Queue).ExternallyOwned().UseDurableOutbox();

    /// <summary>As fast as so many committers can.</summary>
    public static async Task CommitAllAsync(IServiceProvider services, int messages, int committers)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, committers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) <= messages)
            {
                await CommitAsync(services, Guid.CreateVersion7());
            }
        })));
    }

    /// <summary>A host that has just started has connections to open and code to compile, and what comes meanwhile would pile up: some go one
    /// by one, some at two hundred a second that are not counted, and then the others. Says of each of these when it was committed, on the
    /// clock that all processes share.</summary>
    public static async Task<string[]> PaceAsync(IServiceProvider services, int uncounted, int messages)
    {
        for (var i = 0; i < Singly; i++)
        {
            await TimedAsync(services);
        }

        var all = uncounted + messages;
        var watch = Stopwatch.StartNew();
        List<Task<string>> sending = [];
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (sending.Count < all && await timer.WaitForNextTickAsync())
        {
            while (sending.Count < all && watch.Elapsed >= Interval * sending.Count)
            {
                sending.Add(TimedAsync(services));
            }
        }

        return (await Task.WhenAll(sending))[uncounted..];
    }

    private static async Task<string> TimedAsync(IServiceProvider services)
    {
        var id = Guid.CreateVersion7();
        return $"{id}={await CommitAsync(services, id)}";
    }

    private static async Task<long> CommitAsync(IServiceProvider services, Guid purchase)
    {
        var runtime = services.GetRequiredService<IWolverineRuntime>();
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var insert = new NpgsqlCommand(
            """
            WITH made AS (INSERT INTO purchase (id, customer, total) VALUES ($1, 'customer', 29.70))
            INSERT INTO purchase_line (purchase_id, line, sku, quantity) SELECT $1, line, 'sku-' || line, 1 FROM generate_series(1, 3) AS line
            """,
            connection,
            transaction))
        {
            insert.Parameters.Add(new NpgsqlParameter { Value = purchase });
            await insert.ExecuteNonQueryAsync();
        }

        var context = new MessageContext(runtime);
        await context.EnlistInOutboxAsync(new DatabaseEnvelopeTransaction((IMessageDatabase)runtime.Storage, transaction));
        await context.PublishAsync(new PurchaseMade(purchase, PurchaseMade.Filling));
        await transaction.CommitAsync();
        var committed = Stopwatch.GetTimestamp();
        await context.FlushOutgoingMessagesAsync();
        return committed;
    }
}

/// <summary>With a body of about 500 bytes.</summary>
public sealed record PurchaseMade(Guid PurchaseId, string Padding)
{
    public static readonly string Filling = new('x', 425);
}
