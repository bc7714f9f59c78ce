using Servers.Running;

namespace Servers.Tests.PlacingOrders;

public sealed class PlaceCommandTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("0s")]
    [InlineData("00:00:00")]
    public void Rows_that_vanish_when_they_are_sent_cannot_be_reconciled(string retention)
    {
        var refused = Assert.Throws<ServersException>(() => PlaceCommand.CheckRetention(retention));

        Assert.Contains($"Outbox__Retention is \"{retention}\"", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("7d")]
    [InlineData("10")]
    public void Any_other_retention_is_the_services_own_affair(string? retention) => PlaceCommand.CheckRetention(retention);
}
