using Bench.Measuring;
using Bench.Setup;

namespace Bench.Service;

/// <summary>The whole way of an order: placed over HTTP, relayed, its stock reserved, the outcome relayed, the customer
/// notified.</summary>
internal static class ChainWorkload
{
    private const string Unit = "orders/s";

    public static async Task RunAsync(Run run)
    {
        await using var database = await ServiceDatabases.NewAsync(run);
        await using var chain = await ServiceProcess.StartAsync(run, database, "api,relay,consumer");
        await using var apiDatabase = await ServiceDatabases.NewAsync(run);
        await using var api = await ServiceProcess.StartAsync(run, apiDatabase, "api");

        await run.MeasureAsync("chain", Unit,
            new Contestant("placed only, the role api alone", share => PlaceAsync(run, apiDatabase, api, Orders(share), untilNotified: false)),
            new Contestant("placed until notified, all roles in one process", share => PlaceAsync(run, database, chain, Orders(share), untilNotified: true),
                "placed only, the role api alone"));

        int Orders(double share) => run.Scale.Of(5_000, 1_000, share);
    }

    private static async Task<Sample> PlaceAsync(Run run, Database database, ServiceProcess service, int orders, bool untilNotified)
    {
        var before = await database.ScalarAsync<long>("SELECT coalesce(max(id), 0) FROM notification");
        var meter = await CostMeter.StartAsync(run.Arena, database, service.Id);
        await OrderClients.PlaceAsync(service.Url, orders, run.Stop);
        if (untilNotified)
        {
            await Eventually.IsTrueAsync(
                async () => await NotifiedAsync(database, before) == orders, TimeSpan.FromMinutes(10), "every order has led to one notification");
        }

        return await meter.StopAsync(orders);
    }

    // Not of those before: counting them would take its time of the same cores.
    private static Task<long> NotifiedAsync(Database database, long after) =>
        database.ScalarAsync<long>($"SELECT count(*) FROM notification WHERE id > {after}");
}
