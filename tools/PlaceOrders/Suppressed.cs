using System.Globalization;

namespace PlaceOrders;

/// <summary>The one figure that only the service itself knows: how many duplicates its inbox has dropped.</summary>
internal static class Suppressed
{
    private const string Metric = "inbox_duplicates_suppressed";

    /// <summary>The sum over all consumers; 0 while there was none.</summary>
    public static async Task<long> ReadAsync(Uri url, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            return Sum(await http.GetStringAsync("/metrics", cancellationToken));
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Console.Error.WriteLineAsync($"The service's metrics cannot be read, so suppressed counts as 0: {exception.Message}");
            return 0;
        }
    }

    /// <summary>Reads Prometheus' text format: a name, labels in braces or none, a value, perhaps a timestamp.</summary>
    public static long Sum(string metrics) => metrics.Split('\n')
        .Where(line => line.StartsWith(Metric, StringComparison.Ordinal))
        .Select(line => (Name: line[..line.IndexOfAny(['{', ' '])], AfterLabels: line[(line.LastIndexOf('}') + 1)..]))
        .Where(series => !series.Name.EndsWith("_created", StringComparison.Ordinal))
        .Select(series => series.AfterLabels.Replace(series.Name, "", StringComparison.Ordinal).Trim().Split(' ')[0])
        .Sum(value => (long)double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture));
}
