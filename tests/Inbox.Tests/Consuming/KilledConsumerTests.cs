using Servers;

namespace Inbox.Tests.Consuming;

public sealed class KilledConsumerTests(ServersFixture servers) : ArenaTests(servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("consume.before-inbox-insert")]
    [InlineData("consume.after-inbox-insert")]
    [InlineData("consume.after-handler")]
    [InlineData("consume.after-commit")]
    public async Task A_consumer_killed_anywhere_leaves_each_effect_once(string failpoint)
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(50, i => $"k{i % 5}");

        await using (var killed = ConsumerProcess.Start(Arena, ("FAILPOINT", failpoint), ("FAILPOINT_AFTER", "2")))
        {
            await killed.DiesAsync(Deadline);
        }

        await using var next = await Arena.ConsumeAsync();
        await Eventually.EqualsAsync(50, () => Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"), Deadline, "messages with an effect");
        await Arena.UntilSettledAsync(next);
        Assert.Equal(50, await Arena.NotesAsync());
    }

    [Fact]
    public async Task A_consumer_killed_between_the_copy_for_a_retry_and_the_ack_leaves_the_effect_once()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(5, i => $"k{i}");

        await using (var killed = ConsumerProcess.Start(Arena, ("FAILPOINT", "retry.after-republish"), ("HANDLING", "fail once")))
        {
            await killed.DiesAsync(Deadline);
        }

        await using var next = ConsumerProcess.Start(Arena, ("HANDLING", "fail once"));
        await Arena.UntilNotesAsync(5, 30);
        // Both copies of the message that was being retried have come out of the retry queue by now.
        await Eventually.EqualsAsync(0u, () => Arena.MessagesAsync(Arena.Queue + ".retry.2000"), Deadline, "waiting for a retry");
        await Arena.PublishAsync(new Noted("after them"), key: "k0");
        await Arena.UntilNotesAsync(6, 30);
        Assert.Equal(6, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
        Assert.Equal(0u, await Arena.MessagesAsync(Arena.DeadQueue));
    }

    [Fact]
    public async Task A_consumer_killed_between_the_copy_for_the_dead_letters_and_the_ack_leaves_copies_that_have_one_effect_when_they_are_moved_back()
    {
        (string, string)[] hopeless = [("HANDLING", "fail"), ("Inbox__Retry__Immediate", "0"), ("Inbox__Retry__Tries", "0")];
        await Arena.DeclareAsync();
        var id = await Arena.PublishAsync(new Noted("hopeless"));

        await using (var killed = ConsumerProcess.Start(Arena, [.. hopeless, ("FAILPOINT", "retry.after-republish")]))
        {
            await killed.DiesAsync(Deadline);
        }

        // The message has stayed in its queue beside the copy, and so there is another copy of it in the end.
        await using (var next = ConsumerProcess.Start(Arena, hopeless))
        {
            await Eventually.EqualsAsync(2u, () => Arena.MessagesAsync(Arena.DeadQueue), Deadline, "copies among the dead letters");
            next.Send(Signal.Terminate);
            await next.ExitsAsync(Deadline);
        }

        await Arena.UntilQueuedAsync(0);
        DeadLetter[] copies = [await Arena.DeadLetterAsync(), await Arena.DeadLetterAsync()];
        Assert.All(copies, copy => Assert.Equal(id.ToString(), copy.MessageId));

        // Moved back together, they are one message: it has one effect.
        foreach (var copy in copies)
        {
            await Arena.PublishRawAsync(InboxArena.Properties(id), copy.Body);
        }

        await using var mended = await Arena.ConsumeAsync();
        await mended.UntilCountAsync("inbox.duplicates_suppressed", 1);
        Assert.Equal(1, await Arena.NotesAsync());
    }

    [Fact]
    public async Task One_slow_lane_loses_nothing_when_the_consumer_is_killed()
    {
        await Arena.DeclareAsync();
        await Arena.PublishAsync(new Noted("first"));
        await Arena.PublishAsync(new Noted("slow"), key: "slow");
        await Arena.PublishManyAsync(200, i => $"k{i}");

        await using (var killed = ConsumerProcess.Start(Arena, ("HANDLING", "slow once"), ("Inbox__Lanes", "2")))
        {
            // Those of the other lane are committed and acked by now; the slow one is not.
            await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() > 60, Deadline, "the other lane goes on");
            Assert.Equal(0, await Arena.NotesAsync("text = 'slow'"));
            await killed.KillAsync();
        }

        await using var next = await Arena.ConsumeAsync();
        await Arena.UntilNotesAsync(202);
        Assert.Equal(202, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
    }

    [Fact]
    public async Task A_consumer_that_is_frozen_in_a_handler_loses_its_transaction_and_the_next_one_has_the_effect()
    {
        await Arena.DeclareAsync();
        var id = await Arena.PublishAsync(new Noted("slow"));
        await using var frozen = ConsumerProcess.Start(Arena, ("HANDLING", "slow once"), ("Inbox__HandlerTimeout", "3s"));
        // Its transaction holds the inbox row of the message, and will not end by itself.
        await Eventually.IsTrueAsync(IsInHandlerAsync, Deadline, "it is in its handler");
        frozen.Send(Signal.Stop);
        Assert.True(await IsInHandlerAsync());

        await using var next = await Arena.ConsumeAsync();

        // The server ends the transaction 10 s after the handler's time, and the broker a connection that is silent.
        await Arena.UntilNotesAsync(1, 60);
        Assert.Equal(1, next.Counts["inbox.handled"]);
        await frozen.KillAsync();
        Assert.Equal(1, await Arena.Servers.ScalarAsync<long>("SELECT count(*) FROM note WHERE message_id = $1", id));

        async Task<bool> IsInHandlerAsync() => await Arena.Servers.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'") == 1;
    }

    [Fact]
    public Task A_message_that_kills_the_process_ends_alone_in_the_dead_letter_queue() => SideBySide.RunAsync(
        new(EndsAloneAsync("kill", ordered: true, limit: 8)),
        new(EndsAloneAsync("kill at decoding", ordered: true, limit: 8)),
        new(EndsAloneAsync("kill", ordered: false, limit: 6)));

    private async Task EndsAloneAsync(string handling, bool ordered, int limit)
    {
        await using var arena = await InboxArena.CreateAsync(Fixture);
        void Limit(ConsumerSetup setup)
        {
            setup.Settings["Inbox:DeliveryLimit"] = $"{limit}";
            if (!ordered)
            {
                setup.Queue = queue => queue.Unordered();
            }
        }

        await arena.DeclareAsync(Limit);
        await arena.PublishManyAsync(49, _ => "k");
        await arena.PublishAsync(new Noted("killer"), key: "k");
        await arena.PublishManyAsync(50, _ => "k");

        var deaths = 0;
        while (await arena.MessagesAsync(arena.DeadQueue) == 0)
        {
            await using var consumer = ConsumerProcess.Start(
                arena, ("HANDLING", handling), ("UNORDERED", ordered ? "false" : "true"), ("Inbox__DeliveryLimit", $"{limit}"));
            await Eventually.IsTrueAsync(
                async () => consumer.HasExited || await arena.MessagesAsync(arena.DeadQueue) > 0, Deadline, "it dies, or the killer is dead");
            if (consumer.HasExited)
            {
                await consumer.DiesAsync(Deadline);
            }

            deaths++;
            Assert.InRange(deaths, 1, 12);
        }

        await using var next = await arena.ConsumeAsync(Limit);
        await arena.UntilNotesAsync(99);
        Assert.Equal(1u, await arena.MessagesAsync(arena.DeadQueue));
        await arena.UntilSettledAsync(next);
        Assert.Equal(99, await arena.NotesAsync());
    }
}
