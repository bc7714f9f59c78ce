using PlaceOrders;

namespace Servers.Tests.PlacingOrders;

public sealed class OrdersFileTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void A_lines_number_is_an_editors()
    {
        File.WriteAllText(_file, "{\"a\":1}\n\n  \nnot JSON\n{\"b\":2}");

        var orders = new OrdersFile(_file);

        Assert.Equal(3, orders.Count);
        Assert.Equal([new OrderRequest(1, "{\"a\":1}"), new OrderRequest(4, "not JSON"), new OrderRequest(5, "{\"b\":2}")], orders.Read());
    }

    [Fact]
    public void A_file_without_orders_is_refused()
    {
        File.WriteAllText(_file, "\n\n");

        Assert.Contains("holds no orders", Assert.Throws<PlacingException>(() => new OrdersFile(_file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, true, 0)]
    [InlineData(0, 1, true, 2)]
    [InlineData(0, 1, false, 1)]
    [InlineData(1, 1, true, 1)]
    public void Bad_lines_have_an_exit_code_of_their_own_unless_something_worse_has_happened(int lost, int refused, bool mayBeBad, int code) =>
        Assert.Equal(code, Run.ExitCode(new Tally { LostOutcomes = lost }, unanswered: 0, refused, mayBeBad));

    [Fact]
    public void An_order_without_an_answer_is_worse() => Assert.Equal(1, Run.ExitCode(new Tally(), unanswered: 1, refused: 1, mayBeBad: true));

    public void Dispose() => File.Delete(_file);
}
