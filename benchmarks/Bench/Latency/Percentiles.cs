using Bench.Measuring;

namespace Bench.Latency;

/// <summary>Two figures out of one repeat: its median, and then its 99th percentile.</summary>
internal sealed class Percentiles(Func<Task<IReadOnlyList<double>>> run)
{
    private double _p99;

    public async Task<Sample> MeasureAsync()
    {
        var sorted = (await run()).Order().ToArray();
        _p99 = At(sorted, 0.99);
        return new Sample(At(sorted, 0.5));
    }

    /// <summary>Of the repeat that <see cref="MeasureAsync"/> has just done.</summary>
    public Task<Sample> P99() => Task.FromResult(new Sample(_p99));

    private static double At(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
}
