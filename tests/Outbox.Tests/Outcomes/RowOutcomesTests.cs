using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Outbox.Relay;

namespace Outbox.Tests.Outcomes;

public sealed class RowOutcomesTests
{
    private readonly Lookahead _lookahead = new(batchSize: 10);

    [Fact]
    public void A_refusal_without_a_reason_is_no_confirm()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var settled = Channel.CreateUnbounded<Settlement>();
        var topology = new Topology([]);
        var outcomes = new RowOutcomes(
            _lookahead, new MarkBacklog(), settled, topology, new RefusedRoutes(topology, TimeProvider.System), new OutboxOptions(),
            new OutboxMetrics(services.GetRequiredService<IMeterFactory>(), new RelayStatus()));
        _lookahead.Offer([Rows.Of(1)], Rows.NoneAgain, complete: long.MaxValue);
        Assert.True(_lookahead.TryTake(out var row));

        outcomes.Settle(row, new PublishOutcome(PublishResult.Rejected));

        Assert.True(settled.Reader.TryRead(out var settlement));
        Assert.NotNull(settlement.Refusal);
    }
}
