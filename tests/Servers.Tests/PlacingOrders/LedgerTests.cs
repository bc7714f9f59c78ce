using PlaceOrders;
using RabbitMQ.Client;
using Tap = PlaceOrders.Tap;

namespace Servers.Tests.PlacingOrders;

/// <summary>A reconciliation is worth what it notices: each way to lose or double something is tried on it.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class LedgerTests(ServersFixture fixture)
{
    private const string Exchange = "orders.events";
    private const string Prefix = "run1-";
    private const string Customers = "customer-run1-";

    [Fact]
    public async Task Orders_with_all_their_effects_balance()
    {
        var tally = await TallyAsync("SELECT 1");

        Assert.True(tally.IsComplete, string.Join('\n', tally.Complaints()));
        Assert.Equal((2, 4, 4, 4, 5), (tally.Placed, tally.OutboxRows, tally.Sent, tally.Confirmed, tally.Effects));
        Assert.Equal((0, 0), (tally.Lost, tally.Doubled));
    }

    [Theory]
    [InlineData("an outcome that never came", 1, 0, "UPDATE orders SET status = 'placed' WHERE id = @rejected")]
    [InlineData("an outcome nobody was told of", 1, 0, "DELETE FROM outbox_message WHERE type LIKE '%rejected%'")]
    [InlineData("an outcome told twice", 0, 1, "INSERT INTO outbox_message (type, key) SELECT type, key FROM outbox_message WHERE type LIKE '%rejected%'")]
    [InlineData("a notification that never came", 1, 0, "DELETE FROM notification WHERE order_id = @confirmed")]
    [InlineData("a second notification", 0, 1, "INSERT INTO notification (order_id, kind) VALUES (@confirmed, 'confirmed')")]
    [InlineData("a rejection though there was enough", 1, 0, "UPDATE order_line SET sku = 'sku-2', quantity = 100 WHERE order_id = @rejected")]
    [InlineData("stock that was not moved", 3, 0, "UPDATE stock SET available = available + 3 WHERE sku = 'sku-1'")]
    [InlineData("stock that was moved twice", 0, 3, "UPDATE stock SET available = available - 3 WHERE sku = 'sku-1'")]
    [InlineData("stock moved for the wrong article", 1, 1, "UPDATE stock SET available = available + CASE sku WHEN 'sku-1' THEN 1 ELSE -1 END")]
    [InlineData("an order that is not there", 2, 0, "DELETE FROM notification WHERE order_id = @rejected; DELETE FROM orders WHERE id = @rejected")]
    [InlineData("a second order for one request", 0, 1, "INSERT INTO orders VALUES (gen_random_uuid(), 'customer-run1-9', 'placed')")]
    [InlineData("an order under a key for which another was told", 0, 1, "UPDATE idempotency_key SET order_id = gen_random_uuid() WHERE key = 'run1-2'")]
    public async Task Every_loss_and_every_repeat_shows(string what, long lost, long doubled, string sabotage)
    {
        var tally = await TallyAsync(sabotage);

        Assert.Equal((what, lost, doubled), (what, tally.Lost, tally.Doubled));
        Assert.NotEmpty(tally.Complaints());
    }

    [Fact]
    public async Task Of_two_requests_that_were_told_the_same_order_one_is_lost_and_the_order_of_which_nobody_was_told_is_one_too_many()
    {
        var tally = await TallyAsync("SELECT 1", told: (confirmed, _) => (confirmed, confirmed));

        Assert.Equal((1, 1), (tally.LostOrders, tally.DoubledOrders));
        Assert.Equal((1, 1), (tally.Lost, tally.Doubled));
    }

    [Fact]
    public async Task An_order_under_a_key_of_its_own_whose_answer_was_lost_on_its_way_counts_for_nothing()
    {
        var tally = await TallyAsync(
            "INSERT INTO orders VALUES (@other, 'customer-run1-9', 'placed'); INSERT INTO idempotency_key VALUES ('run1-9', @other)"
                .Replace("@other", $"'{Guid.CreateVersion7()}'", StringComparison.Ordinal));

        Assert.Equal((0, 0), (tally.Lost, tally.Doubled));
        Assert.Empty(tally.Complaints());
    }

    [Fact]
    public async Task What_is_there_for_each_line_and_not_for_all_of_them_may_be_rejected()
    {
        var tally = await TallyAsync("UPDATE order_line SET sku = 'sku-1', quantity = 60 WHERE order_id = @rejected; INSERT INTO order_line VALUES (@rejected, 2, 'sku-1', 60)");

        Assert.Equal((0, 0), (tally.Lost, tally.Doubled));
    }

    [Fact]
    public async Task A_row_that_is_marked_sent_and_never_reached_the_broker_is_lost()
    {
        var tally = await TallyAsync("SELECT 1", published: row => !row.EndsWith("rejected.v1", StringComparison.Ordinal));

        Assert.Equal((4, 3), (tally.Sent, tally.Confirmed));
        Assert.Equal((1, 0), (tally.Lost, tally.Doubled));
    }

    // One confirmed order of three units, one rejected order, everything in its place; then the sabotage.
    private async Task<Tally> TallyAsync(string sabotage, Func<string, bool>? published = null, Func<Guid, Guid, (Guid First, Guid Second)>? told = null)
    {
        await using var arena = await fixture.NewArenaAsync();
        await arena.ExecuteAsync(LedgerTables.Sql);
        var channel = await (await arena.ConnectAsync()).CreateChannelAsync(new CreateChannelOptions(true, true));
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true);
        await using var tap = await Tap.OpenAsync(arena.RabbitMq, Exchange, CancellationToken.None);
        await using var ledger = await Ledger.OpenAsync(arena.Postgres, Customers, CancellationToken.None);
        var (confirmed, rejected) = (Guid.CreateVersion7(), Guid.CreateVersion7());

        await arena.ExecuteAsync(Named(LedgerTables.TwoOrdersSql, confirmed, rejected));
        await using (var rows = await arena.DataSource.CreateCommand("SELECT type, message_id FROM outbox_message WHERE sent_at IS NOT NULL").ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                if (published?.Invoke(rows.GetString(0)) ?? true)
                {
                    var properties = new BasicProperties { MessageId = rows.GetGuid(1).ToString() };
                    await channel.BasicPublishAsync(Exchange, rows.GetString(0), mandatory: true, properties, ReadOnlyMemory<byte>.Empty);
                }
            }
        }

        await arena.ExecuteAsync(Named(sabotage, confirmed, rejected));
        var (first, second) = told?.Invoke(confirmed, rejected) ?? (confirmed, rejected);
        await ledger.AddAsync(
            [new(Prefix + "1", first), new(Prefix + "2", second)],
            CancellationToken.None);
        var reached = published is null ? 4 : 3;
        await Eventually.IsTrueAsync(() => tap.Count == reached, TimeSpan.FromSeconds(10), "the messages at the tap");
        return await ledger.CountAsync(tap, CancellationToken.None);
    }

    private static string Named(string sql, Guid confirmed, Guid rejected) => sql
        .Replace("@confirmed", $"'{confirmed}'", StringComparison.Ordinal)
        .Replace("@rejected", $"'{rejected}'", StringComparison.Ordinal);
}
