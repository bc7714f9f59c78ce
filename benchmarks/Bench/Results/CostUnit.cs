using Bench.Measuring;

namespace Bench.Results;

/// <summary>One of the costs of a message: a figure of its own in latest.json, a column of the table.</summary>
internal sealed record CostUnit(string Unit, string Column, Func<Costs, double?> Of)
{
    public static IReadOnlyList<CostUnit> All { get; } =
    [
        new("CPU µs/message, client", "client µs", costs => costs.ClientMicroseconds),
        new("CPU µs/message, broker", "broker µs", costs => costs.BrokerMicroseconds),
        new("CPU µs/message, database", "database µs", costs => costs.DatabaseMicroseconds),
        new("WAL bytes/message", "WAL B", costs => costs.WalBytes),
        new("allocated bytes/message", "allocated B", costs => costs.AllocatedBytes),
    ];
}
