using System.Globalization;
using System.Text;

namespace Faults;

/// <summary>Results for people.</summary>
internal static class ResultTable
{
    /// <summary>One line while the run goes on.</summary>
    public static string Line(CaseResult result) => string.Create(CultureInfo.InvariantCulture,
        $"{result.Number,4} {result.Case,-36} {result.Orders,6} orders {result.Faults.Count,3} faults {result.Deliveries,6} deliveries {result.Repeats,5} repeats "
        + $"{result.Suppressed,5} suppressed  lost {result.Lost} doubled {result.Doubled} phantoms {result.Phantoms} misordered {result.Misordered}  drained {Seconds(result.DrainSeconds),6}  {(result.IsGreen ? "green" : "RED")}  seed {result.Seed}");

    /// <summary>One row for each case, over all the times that it was played.</summary>
    public static string Markdown(RunRecord record)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"`{record.Command}` on {record.Versions}, {record.Minutes:0} minutes of cases: `{record.LastLine()}`");
        text.AppendLine();
        text.AppendLine("| case | played | orders | faults | deliveries | repeats | suppressed | lost | doubled | phantoms | misordered | drained, worst | first publish, worst | verdict |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var played in record.Results.GroupBy(result => result.Case).OrderBy(played => played.Key, StringComparer.Ordinal))
        {
            var drained = played.Any(result => result.DrainSeconds is null) ? null : played.Max(result => result.DrainSeconds);
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {played.Key} | {played.Count()} | {played.Sum(r => r.Orders)} | {played.Sum(r => r.Faults.Count)} | {played.Sum(r => r.Deliveries)} | {played.Sum(r => r.Repeats)} "
                + $"| {played.Sum(r => r.Suppressed)} | {played.Sum(r => r.Lost)} | {played.Sum(r => r.Doubled)} | {played.Sum(r => r.Phantoms)} | {played.Sum(r => r.Misordered)} "
                + $"| {Seconds(drained)} | {(played.Max(r => r.FirstPublishSeconds) is { } first ? Seconds(first) : "")} | {(played.All(r => r.IsGreen) ? "green" : "**red**")} |");
        }

        foreach (var skipped in record.Skipped.DistinctBy(skipped => skipped.Case).OrderBy(skipped => skipped.Case, StringComparer.Ordinal))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {skipped.Case} | not played: {skipped.Lack} | | | | | | | | | | | | | |");
        }

        foreach (var watched in record.Results.Where(result => result.Trends.Count > 0))
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"| {watched.Case}, over {watched.Seconds / 60:0} minutes with {watched.Faults.Count} faults | middle third | last third |");
            text.AppendLine("|---|--:|--:|");
            foreach (var trend in watched.Trends)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {trend.What} | {trend.Middle:0} | {trend.Last:0} |");
            }
        }

        return text.ToString();
    }

    private static string Seconds(double? seconds) => seconds is { } value ? value.ToString("0.0 s", CultureInfo.InvariantCulture) : "never";
}
