using Faults;

namespace Commands.Tests.FaultMatrix;

public sealed class TrendTests
{
    [Theory]
    [InlineData(310, 320, false)]
    [InlineData(310, 321, true)]
    [InlineData(310, 300, false)]
    public void What_rises_by_more_than_the_slack_is_not_flat(double middle, double last, bool rose) =>
        Assert.Equal(rose, new Trend("descriptors", middle, last).Rose(10));
}
