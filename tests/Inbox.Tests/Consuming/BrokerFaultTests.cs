using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;
using Servers.Native;

namespace Inbox.Tests.Consuming;

/// <summary>Faults that only servers of the test's own can be given.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class BrokerFaultTests
{
    private const string Retry = "Inbox:Retry:";

    [Fact]
    public async Task A_broker_restart_while_messages_wait_for_a_retry_loses_none()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var arena = await InboxArena.CreateAsync(servers.Pair());
        await using var consumer = await arena.ConsumeAsync(setup =>
        {
            setup.Settings[Retry + "Immediate"] = "0";
            setup.Settings[Retry + "First"] = "5s";
            setup.Handling = FailFirst;
        });
        await arena.PublishManyAsync(50, i => $"k{i}");
        await Eventually.EqualsAsync(50u, () => arena.MessagesAsync(arena.Queue + ".retry.5000"), TimeSpan.FromSeconds(20), "waiting");

        await servers.RabbitMq.KillAsync();
        await servers.RabbitMq.StartAsync(CancellationToken.None);

        await arena.UntilNotesAsync(50, 60);
        Assert.Equal(50, await arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
        Assert.Equal(50, await arena.NotesAsync("attempt >= 2"));
    }

    /// <summary>An alarm over the memory that the backlog takes up ends only when the backlog has been consumed.</summary>
    [Fact]
    public async Task While_the_broker_has_an_alarm_a_message_that_fails_does_not_keep_the_others_from_being_consumed()
    {
        static void Wide(ConsumerSetup setup) => FailTheFifth(setup, lanes: 64, prefetch: 400);
        static void Narrow(ConsumerSetup setup) => FailTheFifth(setup, lanes: 2, prefetch: 8);

        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var ofWide = await InboxArena.CreateAsync(servers.Pair());
        await using var ofNarrow = await InboxArena.CreateAsync(servers.Pair());
        await ofWide.DeclareAsync(Wide);
        await ofWide.PublishManyAsync(2_000, i => $"k{i}");
        await ofNarrow.DeclareAsync(Narrow);
        await ofNarrow.PublishManyAsync(2_000, i => $"k{i}");
        await RaiseAlarmAsync(servers);
        await using var wide = await StartAsync(ofWide, Wide);
        await using var narrow = await StartAsync(ofNarrow, Narrow);

        await SideBySide.RunAsync(
            new(ConsumesTheOthersAsync(ofWide, wide)),
            new(ConsumesTheOthersAsync(ofNarrow, narrow)));
        await EndAlarmAsync(servers);
        await SideBySide.RunAsync(
            new(RetriesItAsync(ofWide, wide)),
            new(RetriesItAsync(ofNarrow, narrow)));

        static void FailTheFifth(ConsumerSetup setup, int lanes, int prefetch)
        {
            DeliverAhead(setup, lanes, prefetch, batchSize: Math.Min(100, prefetch));
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return message.Number == 5 ? throw new InvalidOperationException("No.") : Task.CompletedTask;
            };
        }

        static async Task ConsumesTheOthersAsync(InboxArena arena, RunningConsumer consumer)
        {
            await arena.UntilNotesAsync(1_999, 30);
            await UntilCopiesWaitAsync(consumer);
        }

        static async Task RetriesItAsync(InboxArena arena, RunningConsumer consumer)
        {
            await UntilInRetryQueueAsync(arena, 1);
            await consumer.UntilReadyAsync();
            await arena.UntilSettledAsync(consumer);
        }
    }

    [Fact]
    public async Task While_the_broker_has_an_alarm_no_more_copies_wait_than_their_share_of_what_is_delivered_ahead()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var arena = await InboxArena.CreateAsync(servers.Pair());
        var failures = 0;
        void Setup(ConsumerSetup setup)
        {
            DeliverAhead(setup, lanes: 2, prefetch: 40, batchSize: 1);
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                if (message.Number < 200)
                {
                    Interlocked.Increment(ref failures);
                    throw new InvalidOperationException("No.");
                }

                return Task.CompletedTask;
            };
        }

        await arena.DeclareAsync(Setup);
        await arena.PublishManyAsync(300, i => $"k{i}");
        await RaiseAlarmAsync(servers);
        await using var consumer = await StartAsync(arena, Setup);

        // Five for each lane, a quarter of what is delivered ahead, and the one that stops it.
        await Eventually.EqualsAsync(12, () => Task.FromResult(failures), TimeSpan.FromSeconds(20), "failures");
        await UntilCopiesWaitAsync(consumer);
        Assert.Equal(12, failures);
        await EndAlarmAsync(servers);
        await UntilInRetryQueueAsync(arena, 200);
        await arena.UntilNotesAsync(100);
        await arena.UntilSettledAsync(consumer);
        Assert.Equal(200, failures);
    }

    /// <summary>Whose copies on their way may wait for as long as the alarm lasts.</summary>
    [Fact]
    public async Task While_the_broker_has_an_alarm_a_lane_that_fails_is_replaced()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var arena = await InboxArena.CreateAsync(servers.Pair());
        var counts = 0;
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "inbox.handled")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((_, messages, _, _) =>
        {
            if (messages > 0 && Interlocked.Increment(ref counts) == 1)
            {
                throw new InvalidOperationException("It cannot count.");
            }
        });
        meters.Start();
        void Setup(ConsumerSetup setup)
        {
            DeliverAhead(setup, lanes: 1, prefetch: 40, batchSize: 1);
            setup.Timings = new Timings { Drain = TimeSpan.FromSeconds(1) };
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return message.Number == 0 ? throw new InvalidOperationException("No.") : Task.CompletedTask;
            };
        }

        await arena.DeclareAsync(Setup);
        await arena.PublishManyAsync(10, _ => "k");
        await RaiseAlarmAsync(servers);
        await using var consumer = await StartAsync(arena, Setup);

        await consumer.UntilLoggedAsync("a lane has failed");
        await arena.UntilNotesAsync(9);
        await EndAlarmAsync(servers);
        await consumer.UntilCountAsync("inbox.retried", 1);
        await arena.UntilSettledAsync(consumer);

        // The lane that was replaced may have sent one as well, whose confirm nobody waited for.
        Assert.InRange(await arena.MessagesAsync(RetryQueue(arena)), 1u, 2u);
    }

    [Fact]
    public async Task A_message_for_whose_copy_the_broker_has_become_too_strict_ends_among_the_dead_letters_and_disturbs_no_other()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var arena = await InboxArena.CreateAsync(servers.Pair());
        void Setup(ConsumerSetup setup)
        {
            setup.Settings[Retry + "Immediate"] = "0";
            setup.Settings[Retry + "First"] = "1s";
            setup.Handling = (db, message, context, cancellationToken) =>
                message.Number == 0 ? throw new InvalidOperationException("never") : FailFirst(db, message, context, cancellationToken);
        }

        await arena.DeclareAsync(Setup);
        await arena.PublishManyAsync(1, _ => "long", bodyBytes: 100_000);
        await arena.PublishManyAsync(20, i => $"k{i}", from: 1);
        await BecomeStrictAsync(servers);
        await using var consumer = await StartAsync(arena, Setup);

        await Eventually.EqualsAsync(1u, () => arena.MessagesAsync(arena.DeadQueue), TimeSpan.FromSeconds(20), "dead letters");
        await arena.UntilNotesAsync(20);
        await consumer.UntilReadyAsync();
        await consumer.UntilCountAsync("inbox.dead_lettered", 1);
        await arena.UntilSettledAsync(consumer);
        Assert.Equal(20, await arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
        Assert.Equal(1u, await arena.MessagesAsync(arena.DeadQueue));
        Assert.DoesNotContain(consumer.Log.All, line => line.Contains("subscription is lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task So_does_one_whose_headers_leave_no_room_in_their_frame_besides()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var ofUnderstood = await InboxArena.CreateAsync(servers.Pair());
        await using var ofUnknown = await InboxArena.CreateAsync(servers.Pair());
        await PublishAsync(ofUnderstood, Noted.MessageType);
        await PublishAsync(ofUnknown, "unknown");
        await BecomeStrictAsync(servers);

        await SideBySide.RunAsync(
            new(EndsAmongTheDeadLettersAsync(ofUnderstood)),
            new(EndsAmongTheDeadLettersAsync(ofUnknown)));

        static void Setup(ConsumerSetup setup)
        {
            setup.Settings[Retry + "Immediate"] = "0";
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return context.Headers.ContainsKey("filler") ? throw new InvalidOperationException("never") : Task.CompletedTask;
            };
        }

        static async Task PublishAsync(InboxArena arena, string type)
        {
            await arena.DeclareAsync(Setup);
            var properties = InboxArena.Properties(
                Guid.CreateVersion7(), headers: new Dictionary<string, object?> { ["filler"] = new string('x', 130_800) });
            properties.Type = type;
            await using (var channel = await (await arena.Servers.ConnectAsync()).CreateChannelAsync())
            {
                await channel.BasicPublishAsync("", arena.Queue, mandatory: true, properties, Long());
            }

            await arena.UntilQueuedAsync(1);
            await arena.PublishManyAsync(20, i => $"k{i}");
        }

        static async Task EndsAmongTheDeadLettersAsync(InboxArena arena)
        {
            await using var consumer = await StartAsync(arena, Setup);

            await Eventually.EqualsAsync(1u, () => arena.MessagesAsync(arena.DeadQueue), TimeSpan.FromSeconds(20), "dead letters");
            await arena.UntilNotesAsync(20);
            await consumer.UntilReadyAsync();
            await arena.UntilSettledAsync(consumer);
            Assert.DoesNotContain(consumer.Log.All, line => line.Contains("subscription is lost", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_channel_that_the_broker_closes_because_an_ack_takes_too_long_is_opened_again()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await servers.RabbitMq.RabbitmqctlAsync(
            CancellationToken.None, "eval",
            "application:set_env(rabbit, consumer_timeout, 3000), application:set_env(rabbit, channel_tick_interval, 1000).");
        await using var arena = await InboxArena.CreateAsync(servers.Pair());
        await using var consumer = await arena.ConsumeAsync(setup => setup.Handling = async (db, message, context, cancellationToken) =>
        {
            NoteIt.Add(db, message, context);
            if (message.Text == "slow" && !context.Headers.ContainsKey("x-delivery-count"))
            {
                await Task.Delay(TimeSpan.FromSeconds(8), cancellationToken);
            }
        });

        await arena.PublishAsync(new Noted("slow"), key: "k");
        await arena.PublishAsync(new Noted("next"), key: "k");

        await consumer.UntilLoggedAsync("the subscription is lost (406", 60);
        await arena.UntilNotesAsync(2, 60);
        await consumer.UntilCountAsync("inbox.duplicates_suppressed", 1);
        await arena.UntilSettledAsync(consumer);
        Assert.Equal(2, await arena.NotesAsync());
    }

    [Fact]
    public async Task A_consumer_that_the_broker_has_forgotten_is_replaced()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var arena = await InboxArena.CreateAsync(servers.Pair());
        await using var consumer = await arena.ConsumeAsync(setup => setup.Timings = new Timings { Watch = TimeSpan.FromSeconds(1) });
        await arena.PublishAsync(new Noted("first"));
        await arena.UntilNotesAsync(1);

        var forgotten = await servers.RabbitMq.RabbitmqctlAsync(CancellationToken.None, "eval", Forget(arena));
        await arena.PublishAsync(new Noted("second"));

        Assert.Contains("ok", forgotten, StringComparison.Ordinal);
        await consumer.UntilLoggedAsync("the queue has no consumer");
        await arena.UntilNotesAsync(2);
    }

    [Fact]
    public async Task Without_fsync_it_does_not_run_outside_development()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions { PostgresLosesData = true }, CancellationToken.None);
        await using var arena = await InboxArena.CreateAsync(servers.Pair());
        await using var consumer = ConsumerProcess.Start(arena);

        await consumer.ExitsAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(1, consumer.ExitCode);
        Assert.Contains("fsync=off", consumer.Log, StringComparison.Ordinal);
    }

    /// <summary>Takes the consumers out of the queue's state without telling anybody.</summary>
    private static string Forget(InboxArena arena) =>
        $$"""
        {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{new Uri(arena.Servers.RabbitMq).AbsolutePath[1..]}}">>, queue, <<"{{arena.Queue}}">>)),
        Pid = amqqueue:get_pid(Q),
        {ok, {_, Consumers}, _} = ra:leader_query(Pid, fun rabbit_fifo:query_consumers/1),
        [{ok, _, _} = ra:process_command(Pid, rabbit_fifo:make_checkout(Consumer, cancel, #{})) || Consumer <- maps:keys(Consumers)],
        length(maps:keys(Consumers)) > 0 andalso ok.
        """;

    private static void DeliverAhead(ConsumerSetup setup, int lanes, int prefetch, int batchSize)
    {
        setup.Settings[Retry + "Immediate"] = "0";
        setup.Settings[Retry + "First"] = "1h";
        setup.Settings["Inbox:Lanes"] = $"{lanes}";
        setup.Settings["Inbox:Prefetch"] = $"{prefetch}";
        setup.Settings["Inbox:BatchSize"] = $"{batchSize}";
    }

    /// <summary>Without waiting until it is ready, which it may not be for long.</summary>
    private static Task<RunningConsumer> StartAsync(InboxArena arena, Action<ConsumerSetup> change)
    {
        var setup = arena.Setup();
        change(setup);
        return RunningConsumer.StartAsync(setup);
    }

    /// <summary>For what is published from now on.</summary>
    private static Task<string> BecomeStrictAsync(NativeServers servers) => servers.RabbitMq.RabbitmqctlAsync(
        CancellationToken.None, "eval", "application:set_env(rabbit, max_message_size, 50000).");

    private static byte[] Long() => Messaging.MessageSerializer.Default.Encode(new { text = "n", padding = new string('x', 100_000) });

    private static Task<string> RaiseAlarmAsync(NativeServers servers) =>
        servers.RabbitMq.RabbitmqctlAsync(CancellationToken.None, "set_disk_free_limit", "1000000GB");

    private static Task<string> EndAlarmAsync(NativeServers servers) =>
        servers.RabbitMq.RabbitmqctlAsync(CancellationToken.None, "set_disk_free_limit", "1MB");

    private static Task UntilCopiesWaitAsync(RunningConsumer consumer) => Eventually.IsTrueAsync(
        async () => (await consumer.HealthAsync()).Status == HealthStatus.Unhealthy, TimeSpan.FromSeconds(10), "health tells of copies that are not confirmed");

    private static Task UntilInRetryQueueAsync(InboxArena arena, uint messages) => Eventually.EqualsAsync(
        messages, () => arena.MessagesAsync(RetryQueue(arena)), TimeSpan.FromSeconds(20), "waiting");

    private static string RetryQueue(InboxArena arena) => arena.Queue + ".retry.3600000";

    private static Task FailFirst(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken)
    {
        NoteIt.Add(db, message, context);
        return context.Attempt == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
    }
}
