namespace Inbox.Tests.Consuming;

/// <summary>What a queue says of its lanes goes before the setting.</summary>
public sealed class QueueLanesTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task A_queue_of_one_lane_handles_one_message_after_another_whatever_their_keys()
    {
        var running = 0;
        var most = 0;
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(20, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:Lanes"] = "8";
            setup.Queue = queue => queue.Lanes(1);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                // So that those of other lanes, if there were any, would run meanwhile.
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
                Interlocked.Decrement(ref running);
                NoteIt.Add(db, message, context);
            };
        });

        await Arena.UntilNotesAsync(20);
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Its_one_lane_has_as_many_copies_on_their_way_as_all_lanes_would()
    {
        var calls = 0;
        var broker = new Uri(Arena.Servers.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Settings["Inbox:Lanes"] = "64";
            setup.Queue = queue => queue.Lanes(1);
            setup.RabbitMq = new UriBuilder(broker) { Host = "127.0.0.1", Port = network.Port }.Uri.AbsoluteUri;
            setup.Handling = (_, _, _, _) =>
            {
                Interlocked.Increment(ref calls);
                throw new InvalidOperationException("no");
            };
        });
        // No copy is confirmed.
        network.HoldsRepliesAfter = RetryInAnHourQueue;

        await Arena.PublishManyAsync(20, i => $"k{i}");

        await Eventually.IsTrueAsync(() => Volatile.Read(ref calls) >= 20, TimeSpan.FromSeconds(20), "calls before any copy is confirmed");
        network.HoldsRepliesAfter = null;
        await UntilDeferredAsync(20);
    }
}
