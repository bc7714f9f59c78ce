using System.Threading.Channels;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Outbox.Relay;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Outbox.Tests.Outcomes;

public sealed class ClosedConnectionTests
{
    [Theory]
    [InlineData(Constants.ConnectionForced, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'")]
    [InlineData(Constants.InternalError, "INTERNAL_ERROR")]
    [InlineData(Constants.ReplySuccess, "Goodbye")]
    public void A_close_that_is_no_rows_fault_is_charged_to_none_however_often_it_comes(ushort code, string text)
    {
        var (settlements, lookahead) = CloseTwice(code, text);

        Assert.Empty(settlements);
        Assert.Equal(0, lookahead.Suspects);
        Assert.True(lookahead.TryTake(out _));
    }

    [Fact]
    public void A_close_that_may_be_the_fault_of_the_row_is_charged_to_it_once_it_was_alone()
    {
        var (settlements, _) = CloseTwice(Constants.PreconditionFailed, "PRECONDITION_FAILED - message size 2 is larger than 1");

        Assert.Contains("message size 2", Assert.Single(settlements).Refusal!.Reason, StringComparison.Ordinal);
    }

    /// <summary>Two connections one after the other on which one row alone is published, and both are closed by the broker.</summary>
    private static (List<Settlement> Settlements, Lookahead Lookahead) CloseTwice(ushort code, string text)
    {
        using var services = new ServiceCollection().AddMetrics().AddSingleton<RelayStatus>().AddSingleton<OutboxMetrics>().BuildServiceProvider();
        var topology = new Topology([]);
        var refused = new RefusedRoutes(topology, TimeProvider.System);
        var lookahead = new Lookahead(batchSize: 10);
        var settled = Channel.CreateUnbounded<Settlement>();
        lookahead.Offer([Rows.Of(1)], Rows.NoneAgain, long.MaxValue);
        for (var connection = 0; connection < 2; connection++)
        {
            var outcomes = new RowOutcomes(lookahead, new MarkBacklog(), settled.Writer, topology, refused, new OutboxOptions(), services.GetRequiredService<OutboxMetrics>());
            Assert.True(lookahead.TryTake(out var row));
            outcomes.Settle(row, PublishOutcome.Unknown(text));
            outcomes.PutBackUnknown(new ShutdownEventArgs(ShutdownInitiator.Peer, code, text));
        }

        var settlements = new List<Settlement>();
        while (settled.Reader.TryRead(out var settlement))
        {
            settlements.Add(settlement);
        }

        return (settlements, lookahead);
    }
}
