using PlaceOrders;

namespace Servers.Tests.PlacingOrders;

public sealed class SuppressedTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("# TYPE inbox_duplicates_suppressed_total counter\n", 0)]
    [InlineData("inbox_duplicates_suppressed_total 4\n", 4)]
    [InlineData("inbox_duplicates_suppressed{queue=\"a b\"} 2\ninbox_duplicates_suppressed{queue=\"c\"} 1 1700000000\nother 9\n", 3)]
    [InlineData("inbox_duplicates_suppressed_total{q=\"a\"} 2\ninbox_duplicates_suppressed_created{q=\"a\"} 1700000000\n", 2)]
    public void All_series_of_the_counter_are_summed(string metrics, long sum) => Assert.Equal(sum, Suppressed.Sum(metrics));
}
