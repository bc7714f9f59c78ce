using System.Text.Json;
using Bench.Latency;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>Wolverine's way from the commit to the delivery; its program says when each commit had returned.</summary>
internal sealed class PeerLatency(Run run, int messages)
{
    public async Task<IReadOnlyList<double>> RunAsync(Entrant entrant, WolverineProgram program)
    {
        await Handover.PrepareAsync(entrant.Table);
        await entrant.Queue.EmptyAsync();
        await using var arrivals = await Arrivals.SubscribeAsync(run.Arena, entrant.Queue.Name, PurchaseOf);
        await using var wolverine = await program.StartAsync();
        foreach (var (purchase, committed) in await wolverine.PaceAsync(run.Scale.Of(200, 40), messages))
        {
            arrivals.Left(purchase, committed);
        }

        return await arrivals.MillisecondsAsync();
    }

    private static Guid PurchaseOf(RabbitMQ.Client.Events.BasicDeliverEventArgs delivery)
    {
        using var body = JsonDocument.Parse(delivery.Body);
        return body.RootElement.EnumerateObject().First(property => property.Name.Equals("purchaseId", StringComparison.OrdinalIgnoreCase)).Value.GetGuid();
    }
}
