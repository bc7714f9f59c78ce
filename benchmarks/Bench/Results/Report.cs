using Bench.Measuring;

namespace Bench.Results;

/// <summary>Collects the figures of a run.</summary>
internal sealed class Report
{
    private readonly List<Figure> _figures = [];

    public IReadOnlyList<Figure> Figures => _figures;

    /// <summary>Adds a variant, and what its messages cost where that was measured.</summary>
    /// <param name="workload">The workload.</param>
    /// <param name="variant">The variant within it.</param>
    /// <param name="unit">The unit of the samples' values.</param>
    /// <param name="samples">One for each repeat.</param>
    /// <param name="ceilings">Variants, added before: this one is compared, its costs too, with the one of them that has the highest
    /// median. Not with the best of each repeat: of several draws the best is above what any of them can keep up.</param>
    public void Add(string workload, string variant, string unit, IReadOnlyList<Sample> samples, params IReadOnlyList<string> ceilings)
    {
        var ceiling = ceilings.MaxBy(candidate => MedianOf(workload, candidate, unit));
        Add(Figure.Of(workload, variant, unit, samples.Select(sample => sample.Value), MedianOf(workload, ceiling, unit)));
        foreach (var cost in CostUnit.All)
        {
            var values = samples.Select(sample => sample.Costs is null ? null : cost.Of(sample.Costs)).OfType<double>().ToList();
            if (values.Count > 0)
            {
                Add(Figure.Of(workload, variant, cost.Unit, values, MedianOf(workload, ceiling, cost.Unit)));
            }
        }
    }

    public void Add(Figure figure) => _figures.Add(figure);

    private double? MedianOf(string workload, string? variant, string unit) =>
        _figures.Find(figure => figure.Workload == workload && figure.Variant == variant && figure.Unit == unit)?.Median;
}
