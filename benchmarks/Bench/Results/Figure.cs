using Bench.Measuring;

namespace Bench.Results;

/// <summary>One line of the results.</summary>
internal sealed record Figure(
    string Workload, string Variant, string Unit, double Median, double Min, double Max, int Runs, double? Ceiling)
{
    /// <summary>Median over ceiling; null where there is none.</summary>
    public double? Ratio => Ceiling is { } ceiling && ceiling != 0 ? Median / ceiling : null;

    public static Figure Of(string workload, string variant, string unit, IEnumerable<double> samples, double? ceiling)
    {
        var sorted = samples.Order().ToArray();
        return new Figure(workload, variant, unit, MedianOf(sorted), sorted[0], sorted[^1], sorted.Length, ceiling);
    }

    public static double MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
