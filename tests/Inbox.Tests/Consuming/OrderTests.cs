using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Inbox.Tests.Consuming;

public sealed class OrderTests(ServersFixture servers) : ArenaTests(servers)
{
    private const string Inversions =
        "SELECT count(*) FROM (SELECT number, lag(number) OVER (PARTITION BY key ORDER BY id) AS before FROM note) AS steps WHERE number < before";

    [Fact]
    public async Task Messages_of_a_key_take_effect_in_order_whatever_the_lanes_do()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(3_000, i => $"k{i % 10}");

        await using var consumer = await Arena.ConsumeAsync(setup => setup.Settings["Inbox:Lanes"] = "4");

        await Arena.UntilNotesAsync(3_000);
        Assert.Equal(0, await Arena.Servers.ScalarAsync<long>(Inversions));
    }

    [Fact]
    public async Task A_slow_key_does_not_hold_up_the_keys_of_other_lanes()
    {
        using var mayGoOn = new ManualResetEventSlim();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:Lanes"] = "8";
            setup.Handling = (db, message, context, _) =>
            {
                if (message.Text == "slow")
                {
                    mayGoOn.Wait(CancellationToken.None);
                }

                return NoteIt.Default(db, message, context, CancellationToken.None);
            };
        });
        await Arena.PublishAsync(new Noted("first"));
        await Arena.UntilNotesAsync(1);

        await Arena.PublishAsync(new Noted("slow"), key: "slow");
        await Arena.PublishManyAsync(200, i => $"k{i}");

        await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() > 100, TimeSpan.FromSeconds(10), "other lanes go on");
        mayGoOn.Set();
        await Arena.UntilNotesAsync(202);
    }

    [Fact]
    public async Task A_consumer_that_stands_by_is_ready_and_takes_over_in_order()
    {
        await using var active = await Arena.ConsumeAsync();
        await using var standby = await Arena.ConsumeAsync();
        await standby.UntilReadyAsync();
        var publishing = Arena.PublishManyAsync(2_000, i => $"k{i % 10}");
        await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() > 500, TimeSpan.FromSeconds(20), "load");

        await active.StopAsync();
        await publishing;
        await Arena.PublishManyAsync(2_000, i => $"k{i % 10}", from: 2_000);

        await Arena.UntilNotesAsync(4_000, 30);
        Assert.InRange(active.Counts["inbox.handled"], 500, 2_000);
        await standby.UntilCountAsync("inbox.handled", 4_000 - active.Counts["inbox.handled"]);
        Assert.Equal(0, await Arena.Servers.ScalarAsync<long>(Inversions));
        Assert.Equal(4_000, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
    }

    [Fact]
    public async Task A_consumer_that_stands_by_for_a_busy_one_takes_all_at_once_when_its_turn_comes()
    {
        using var mayGoOn = new ManualResetEventSlim();
        void Ahead(ConsumerSetup setup)
        {
            setup.Settings["Inbox:BatchSize"] = "10";
            setup.Settings["Inbox:Prefetch"] = "10";
        }

        await using var active = await Arena.ConsumeAsync(setup =>
        {
            Ahead(setup);
            setup.Handling = (db, message, context, _) =>
            {
                mayGoOn.Wait(CancellationToken.None);
                return NoteIt.Default(db, message, context, CancellationToken.None);
            };
        });
        try
        {
            await Arena.PublishManyAsync(40, _ => "k");
            await using var standby = await Arena.ConsumeAsync(setup =>
            {
                Ahead(setup);
                setup.Timings = new Timings { Watch = TimeSpan.FromMilliseconds(100) };
                setup.Services = services => services.AddLogging(logging => logging.AddFilter("Inbox", LogLevel.Debug));
            });

            var unready = 0;
            await Eventually.IsTrueAsync(
                async () =>
                {
                    unready += (await standby.HealthAsync()).Status == HealthStatus.Healthy ? 0 : 1;
                    return standby.Log.All.Count(line => line.Contains("nothing arrives though", StringComparison.Ordinal)) >= 5;
                },
                TimeSpan.FromSeconds(30),
                "it has subscribed again and again");

            Assert.Equal(0, unready);
            Assert.DoesNotContain(standby.Log.All, line => line.StartsWith("Warning", StringComparison.Ordinal));
            Assert.DoesNotContain(standby.Log.All, line => line.Contains("one by one", StringComparison.Ordinal));
            mayGoOn.Set();
            await Arena.UntilNotesAsync(40);
            Assert.Equal(0, await Arena.Servers.ScalarAsync<long>(Inversions));
        }
        finally
        {
            mayGoOn.Set();
        }
    }

    [Theory]
    [InlineData(200, 2)]
    [InlineData(4, 5)]
    public async Task Messages_that_were_in_the_hands_of_several_dying_consumers_keep_their_order(int messages, int deaths)
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(messages, _ => "k");
        for (var death = 1; death <= deaths; death++)
        {
            // The first has all of them in hand by then; each of the others dies at its first.
            var passed = death == 1 ? "1" : "0";
            await using var consumer = ConsumerProcess.Start(Arena, ("FAILPOINT", "consume.before-inbox-insert"), ("FAILPOINT_AFTER", passed));
            await consumer.DiesAsync(TimeSpan.FromSeconds(30));
        }

        await Arena.PublishManyAsync(200, _ => "k", from: messages);
        await using var survivor = await Arena.ConsumeAsync();

        await Arena.UntilNotesAsync(messages + 200);
        Assert.Equal(0, await Arena.Servers.ScalarAsync<long>(Inversions));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task Order_holds_across_ten_keys_and_twenty_thousand_messages_while_consumers_are_killed()
    {
        await Arena.DeclareAsync();
        var publishing = Arena.PublishManyAsync(20_000, i => $"k{i % 10}");
        var consumers = new List<ProcessUnderTest> { ConsumerProcess.Start(Arena), ConsumerProcess.Start(Arena) };
        try
        {
            for (var kills = 1; kills <= 6; kills++)
            {
                var target = Math.Min(19_000, kills * 2_500);
                await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() >= target, TimeSpan.FromSeconds(60), $"{target} notes");
                await consumers[0].DisposeAsync();
                consumers.RemoveAt(0);
                consumers.Add(ConsumerProcess.Start(Arena));
            }

            await publishing;
            await Arena.UntilNotesAsync(20_000, 60);
        }
        finally
        {
            foreach (var consumer in consumers)
            {
                await consumer.DisposeAsync();
            }
        }

        Assert.Equal(0, await Arena.Servers.ScalarAsync<long>(Inversions));
        Assert.Equal(20_000, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
    }
}
