using System.Globalization;

namespace PlaceOrders;

/// <summary>The reconciliation, for people and for programs.</summary>
internal sealed record Report(Tally Tally, long Suppressed, TimeSpan Took)
{
    public string Table()
    {
        (string Name, string Value)[] rows =
        [
            ("orders placed", Number(Tally.Placed)),
            ("outbox rows", Number(Tally.OutboxRows)),
            ("sent", Number(Tally.Sent)),
            ("confirmed by the broker", Number(Tally.Confirmed)),
            ("effects", Number(Tally.Effects)),
            ("duplicates suppressed", Number(Suppressed)),
            ("lost", Number(Tally.Lost)),
            ("doubled", Number(Tally.Doubled)),
            ("seconds", Seconds()),
            ("orders/s", Number((long)(Tally.Placed / Math.Max(Took.TotalSeconds, 0.001)))),
        ];
        return string.Join('\n', rows.Select(row => $"  {row.Name,-24}{row.Value,14}"));
    }

    public string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"placed={Tally.Placed} sent={Tally.Sent} effects={Tally.Effects} suppressed={Suppressed} lost={Tally.Lost} doubled={Tally.Doubled} seconds={Seconds()}");

    private string Seconds() => Took.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
