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
        Assert.Equal(code, Run.ExitCode(Reckoned(new Tally { LostOutcomes = lost }), unanswered: 0, refused, mayBeBad));

    [Fact]
    public void An_order_without_an_answer_is_worse() => Assert.Equal(1, Run.ExitCode(Reckoned(new Tally()), unanswered: 1, refused: 1, mayBeBad: true));

    [Fact]
    public void So_is_whatever_was_not_waited_for_to_its_end()
    {
        var unfinished = Reckoned(new Tally(), "3 messages wait in orders.notifications.retry.2000");

        Assert.Equal(1, Run.ExitCode(unfinished, unanswered: 0, refused: 0, mayBeBad: true));
        Assert.Equal(["unfinished: 3 messages wait in orders.notifications.retry.2000"], unfinished.Complaints());
    }

    [Fact]
    public void Rows_that_were_never_sent_are_missing_though_nothing_is_lost()
    {
        Assert.Null(new Tally { OutboxRows = 4, Sent = 4, Confirmed = 4 }.Missing());
        Assert.Equal("of 4 outbox rows 3 are marked sent, and 4 were seen at the tap queue", new Tally { OutboxRows = 4, Sent = 3, Confirmed = 4 }.Missing());
    }

    private static Reckoning Reckoned(Tally tally, string? open = null) => new(tally, CompleteAt: 0, open);

    public void Dispose() => File.Delete(_file);
}
