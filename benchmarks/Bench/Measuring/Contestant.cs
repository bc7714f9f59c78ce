namespace Bench.Measuring;

/// <summary>One of several things that are measured in turns.</summary>
/// <param name="Variant">Its name within the workload.</param>
/// <param name="RunAsync">Does the work once.</param>
/// <param name="Ceiling">The variant that it is compared with, or null.</param>
internal sealed record Contestant(string Variant, Func<Task<Sample>> RunAsync, string? Ceiling = null);

/// <summary>What one repeat has shown.</summary>
/// <param name="Value">In the workload's unit.</param>
/// <param name="Costs">What each message cost, where that is known.</param>
internal sealed record Sample(double Value, Costs? Costs = null);

/// <summary>What one message cost on the average.</summary>
/// <param name="ClientMicroseconds">CPU time of the process under test.</param>
/// <param name="BrokerMicroseconds">CPU time of the broker.</param>
/// <param name="DatabaseMicroseconds">CPU time of the database server, its background processes included; null where the work
/// has no database.</param>
/// <param name="WalBytes">Written to the write-ahead log, by whomever; null where the work has no database.</param>
/// <param name="AllocatedBytes">Allocated on the managed heap of this process; null where another process was under test.</param>
internal sealed record Costs(
    double ClientMicroseconds, double BrokerMicroseconds, double? DatabaseMicroseconds, double? WalBytes, double? AllocatedBytes);
