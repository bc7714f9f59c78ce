using Bench.Measuring;
using Bench.Results;
using Bench.Setup;

namespace Bench.Service;

/// <summary>What a process with a relay and consumers holds after many messages have gone through both.</summary>
internal static class MemoryWorkload
{
    private const int Steps = 4;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    public static async Task RunAsync(Run run)
    {
        var step = run.Scale.Of(1_000_000, 8_000) / Steps;
        await using var database = await ServiceDatabases.NewAsync(run);
        await using var service = await ServiceProcess.StartAsync(run, database, "relay,consumer");
        Report(run, "at the start", service);
        for (var done = step; done <= step * Steps; done += step)
        {
            await FillAsync(database, step);
            await Eventually.IsTrueAsync(async () => await NotifiedAsync(database) >= done, Deadline, "all messages have had their effect");
            Report(run, $"after {Number.Text(done)} messages", service);
        }

        // What a backlog costs is there with its first pages.
        var (waiting, some) = (step * Steps * 2, step / 5);
        await FillAsync(database, waiting);
        await Eventually.IsTrueAsync(
            async () => await NotifiedAsync(database) >= (step * Steps) + some, Deadline, "some of a backlog have had their effect");
        Report(run, $"after {Number.Text(some)} of {Number.Text(waiting)} waiting at once", service);
    }

    private static void Report(Run run, string variant, ServiceProcess service)
    {
        var megabytes = ProcessTree.ResidentMegabytes(service.Id);
        Run.Progress($"memory, {variant}: {Number.Text(megabytes)} MB");
        run.Report.Add(Figure.Of("memory", variant, "MB resident", [megabytes], ceiling: null));
    }

    /// <summary>Outcomes of orders, which the notifications record: one small effect each.</summary>
    private static Task FillAsync(Database database, int rows) => database.ExecuteAsync(
        $$"""
        INSERT INTO outbox_message (exchange, routing_key, type, key, body)
        SELECT 'orders.events', 'orders.order-confirmed.v1', 'orders.order-confirmed.v1', id::text,
               convert_to(json_build_object('orderId', id, 'customerId', 'c-1', 'padding', repeat('x', 400))::text, 'UTF8')
        FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, {{rows}})) AS orders
        """);

    // Not a count of the rows: that would take its time of the same cores.
    private static Task<long> NotifiedAsync(Database database) => database.ScalarAsync<long>("SELECT coalesce(max(id), 0) FROM notification");
}
