using Servers.Running;

namespace Servers.Tests.PlacingOrders;

public sealed class OrdersAskedTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("1000000", 1_000_000)]
    public void Run_takes_a_number_of_orders_within_its_bounds(string text, int count) =>
        Assert.Equal(new OrdersAsked(count, null), OrdersAsked.Parse(["--orders", text]));

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("1000001")]
    [InlineData("2.5")]
    [InlineData("many")]
    [InlineData("")]
    public void Run_refuses_a_number_of_orders_out_of_bounds_and_names_them(string text)
    {
        var refused = Assert.Throws<ServersException>(() => OrdersAsked.Parse(["--orders", text]));

        Assert.Equal($"--orders is \"{text}\": it must be a number from 1 to 1,000,000.", refused.Message);
    }

    [Theory]
    [InlineData("--orders")]
    [InlineData("--orders-file", "no-such-file.jsonl")]
    [InlineData("--order", "5")]
    [InlineData("--orders", "5", "--orders-file", "x")]
    public void Run_refuses_what_it_does_not_know(params string[] arguments) =>
        Assert.Throws<ServersException>(() => OrdersAsked.Parse(arguments));
}
