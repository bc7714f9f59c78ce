using PlaceOrders;

namespace Servers.Tests.PlacingOrders;

public sealed class ReportTests
{
    private static readonly Tally Tally = new()
    {
        Placed = 2000,
        Sent = 4001,
        OutboxRows = 4002,
        Outcomes = 2000,
        Movements = 1999,
        Notifications = 1998,
        LostUnits = 3,
        LostNotifications = 2,
        DoubledOrders = 1,
    };

    [Fact]
    public void The_line_for_programs_has_all_fields_in_order() => Assert.Equal(
        "placed=2000 sent=4001 effects=5997 suppressed=7 lost=5 doubled=1 seconds=12.35",
        new Report(Tally, 7, TimeSpan.FromSeconds(12.345678)).Line());

    [Fact]
    public void The_table_for_people_has_a_row_for_each()
    {
        var rows = new Report(Tally, 7, TimeSpan.FromSeconds(10)).Table().Split('\n').Select(row => row.Trim()).ToList();

        Assert.Equal(
            ["orders placed", "outbox rows", "sent", "confirmed by the broker", "effects", "duplicates suppressed", "lost", "doubled", "seconds", "orders/s"],
            rows.Select(row => row[..row.LastIndexOf("  ", StringComparison.Ordinal)].Trim()));
        Assert.EndsWith(" 2,000", rows[0], StringComparison.Ordinal);
        Assert.EndsWith(" 200", rows[^1], StringComparison.Ordinal);
    }
}
