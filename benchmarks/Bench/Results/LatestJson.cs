using System.Text.Encodings.Web;
using System.Text.Json;
using Servers;

namespace Bench.Results;

/// <summary>benchmarks/results/latest.json: an array with one object for each figure.</summary>
internal static class LatestJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string File { get; } = Path.Combine(RepositoryRoot.Path, "benchmarks", "results", "latest.json");

    public static void Write(IReadOnlyList<Figure> figures)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, Text(figures));
    }

    public static string Text(IReadOnlyList<Figure> figures)
    {
        var lines = figures.Select(figure => new
        {
            figure.Workload,
            figure.Variant,
            figure.Unit,
            Median = Number.Rounded(figure.Median),
            Min = Number.Rounded(figure.Min),
            Max = Number.Rounded(figure.Max),
            figure.Runs,
            Ceiling = Number.Rounded(figure.Ceiling),
            Ratio = Number.Rounded(figure.Ratio),
        });
        return JsonSerializer.Serialize(lines, Options) + "\n";
    }
}
