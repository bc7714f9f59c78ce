namespace Bench.Measuring;

/// <summary>One of several things that are measured in turns.</summary>
/// <param name="Variant">Its name within the workload.</param>
/// <param name="RunAsync">Does a share of the work once: 1 where it is measured, less while it warms up. Each sample that it returns
/// belongs to a figure of its own.</param>
/// <param name="Ceilings">The variants with the best of which it is compared; none where there is nothing to compare it with.</param>
internal sealed record Contestant(string Variant, Func<double, Task<IReadOnlyList<Sample>>> RunAsync, params IReadOnlyList<string> Ceilings)
{
    /// <summary>One that has a single figure.</summary>
    public Contestant(string variant, Func<double, Task<Sample>> runAsync, params IReadOnlyList<string> ceilings)
        : this(variant, async share => [await runAsync(share)], ceilings)
    {
    }

    /// <summary>Whether it takes part in the warm-up. False where it would add nothing to what has run by then, or lasts too long for it.</summary>
    public bool WarmsUp { get; init; } = true;
}

/// <summary>What one repeat has shown.</summary>
/// <param name="Value">In the workload's unit.</param>
/// <param name="Costs">What each message cost, where that is known.</param>
/// <param name="Figure">What it is of its contestant, where that has several figures.</param>
internal sealed record Sample(double Value, Costs? Costs = null, string? Figure = null);

/// <summary>What one message cost on the average.</summary>
/// <param name="ClientMicroseconds">CPU time of the process under test.</param>
/// <param name="BrokerMicroseconds">CPU time of the broker.</param>
/// <param name="DatabaseMicroseconds">CPU time of the database server, its background processes included; null where the work
/// has no database.</param>
/// <param name="WalBytes">Written to the write-ahead log, by whomever; null where the work has no database.</param>
/// <param name="AllocatedBytes">Allocated on the managed heap of this process; null where another process was under test.</param>
internal sealed record Costs(
    double ClientMicroseconds, double BrokerMicroseconds, double? DatabaseMicroseconds, double? WalBytes, double? AllocatedBytes);
