using Bench.Measuring;

namespace Bench.Latency;

/// <summary>The two figures of one repeat's latencies.</summary>
internal static class Percentiles
{
    public static IReadOnlyList<Sample> Of(IReadOnlyList<double> milliseconds)
    {
        var sorted = milliseconds.Order().ToArray();
        return [new Sample(At(sorted, 0.5), Figure: "p50"), new Sample(At(sorted, 0.99), Figure: "p99")];
    }

    private static double At(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
}
