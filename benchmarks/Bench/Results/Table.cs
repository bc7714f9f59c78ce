using System.Globalization;
using System.Text;

namespace Bench.Results;

/// <summary>The figures as a Markdown table, aligned for reading on a terminal: a line for each variant, with the medians of
/// its costs behind.</summary>
internal static class Table
{
    private const int FirstNumber = 3;

    private static readonly string[] Head =
        ["workload", "variant", "unit", "median", "min", "max", "runs", "ceiling", "ratio", .. CostUnit.All.Select(cost => cost.Column)];

    public static string Of(IReadOnlyList<Figure> figures, string machine)
    {
        var costs = figures.Where(IsCost).ToLookup(figure => (figure.Workload, figure.Variant));
        List<string[]> rows = [Head, .. figures.Where(figure => !IsCost(figure)).Select(figure => Row(figure, costs[(figure.Workload, figure.Variant)]))];
        var widths = Enumerable.Range(0, Head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        rows.Insert(1, [.. widths.Select((width, column) => column < FirstNumber ? new string('-', width) : new string('-', width - 1) + ":")]);

        var text = new StringBuilder(machine).Append("\n\n");
        foreach (var row in rows)
        {
            var padded = row.Select((cell, column) => column < FirstNumber ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.Append("| ").AppendJoin(" | ", padded).Append(" |\n");
        }

        return text.ToString();
    }

    private static bool IsCost(Figure figure) => CostUnit.All.Any(cost => cost.Unit == figure.Unit);

    private static string[] Row(Figure figure, IEnumerable<Figure> costs) =>
    [
        figure.Workload,
        figure.Variant,
        figure.Unit,
        Number.Text(figure.Median),
        Number.Text(figure.Min),
        Number.Text(figure.Max),
        Number.Text(figure.Runs),
        Number.Text(figure.Ceiling),
        figure.Ratio?.ToString("0.00", CultureInfo.InvariantCulture) ?? "",
        .. CostUnit.All.Select(cost => Number.Text(costs.FirstOrDefault(figure => figure.Unit == cost.Unit)?.Median)),
    ];
}
