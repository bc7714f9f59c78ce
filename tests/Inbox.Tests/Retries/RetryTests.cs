using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using RabbitMQ.Client;

namespace Inbox.Tests.Retries;

public sealed class RetryTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task The_gaps_between_tries_are_the_configured_ones()
    {
        var tries = new ConcurrentQueue<long>();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Ladder(setup, immediate: 1, first: "1s", factor: "2", tries: 3);
            setup.Handling = (_, _, _, _) =>
            {
                tries.Enqueue(Stopwatch.GetTimestamp());
                throw new InvalidOperationException("always");
            };
        });

        await Arena.PublishAsync(new Noted("never"));

        await Arena.DeadLetterAsync();
        var gaps = tries.Zip(tries.Skip(1), (before, after) => Stopwatch.GetElapsedTime(before, after).TotalSeconds).ToList();
        Assert.Equal(4, gaps.Count);
        // What a busy machine adds.
        const double Late = 5;
        Assert.InRange(gaps[0], 0, 1 + Late);
        Assert.InRange(gaps[1], 1, 2 + Late);
        Assert.InRange(gaps[2], 2, 4 + Late);
        Assert.InRange(gaps[3], 4, 8 + Late);
    }

    [Fact]
    public async Task A_message_that_succeeds_at_a_later_try_has_its_effect_once()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Ladder(setup, immediate: 1, first: "100ms", factor: "1", tries: 5);
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return context.Attempt < 5 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
            };
        });

        await Arena.PublishAsync(new Noted("at last"));

        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 5"));
        Assert.Equal(3, consumer.Counts["inbox.retried"]);
        await Arena.UntilSettledAsync(consumer);
    }

    [Fact]
    public async Task A_message_that_never_succeeds_becomes_a_dead_letter_that_tells_its_story_and_no_value()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Ladder(setup, immediate: 1, first: "100ms", factor: "1", tries: 2);
            setup.Handling = (_, message, _, _) => throw new InvalidOperationException($"secret {message.Text}");
        });
        var before = DateTimeOffset.UtcNow;

        var id = await Arena.PublishAsync(new Noted("hidden"), key: "k", headers: new Dictionary<string, object?>
        {
            ["tenant"] = "acme",
            ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ["tracestate"] = "a=b",
        });

        var dead = await Arena.DeadLetterAsync();
        Assert.Equal(id.ToString(), dead.MessageId);
        Assert.Equal(4, dead.Headers["x-attempt"]);
        Assert.Equal("System.InvalidOperationException", dead.Headers["x-last-error-type"]);
        Assert.Equal("Handling failed 4 times.", dead.Reason);
        // Two waits lie between, of 100 ms each.
        Assert.InRange(Time(dead, "x-first-failed-at"), before.AddSeconds(-1), Time(dead, "x-dead-at").AddMilliseconds(-200));
        Assert.Equal("k", dead.Headers["key"]);
        Assert.Equal("acme", dead.Headers["tenant"]);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", dead.Headers["traceparent"]);
        Assert.Equal("a=b", dead.Headers["tracestate"]);
        Assert.DoesNotContain(dead.Headers, header => header.Key.Contains("death", StringComparison.Ordinal));
        Assert.DoesNotContain(dead.Headers.Values, value => value is string text && text.Contains("secret", StringComparison.Ordinal));
        Assert.Equal(Messaging.MessageSerializer.Default.Encode(new Noted("hidden")), dead.Body);
        await consumer.UntilCountAsync("inbox.dead_lettered", 1);
    }

    [Fact]
    public async Task Its_envelope_is_kept_at_each_try_and_among_the_dead_letters()
    {
        var contexts = new ConcurrentQueue<MessageContext>();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Ladder(setup, immediate: 0, first: "100ms", factor: "1", tries: 1);
            setup.Handling = (_, _, context, _) =>
            {
                contexts.Enqueue(context);
                throw new InvalidOperationException("always");
            };
        });
        var sentAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var sent = InboxArena.Properties(Guid.CreateVersion7());
        sent.ContentEncoding = "identity";
        sent.CorrelationId = "correlation";
        sent.AppId = "producer";
        sent.ReplyTo = "replies";
        sent.Priority = 3;
        sent.Timestamp = new AmqpTimestamp(sentAt.ToUnixTimeSeconds());

        await Arena.PublishRawAsync(sent, Messaging.MessageSerializer.Default.Encode(new Noted("n")));

        var dead = (await Arena.DeadLetterAsync()).Properties;
        Assert.Equal([1, 2], contexts.Select(context => context.Attempt));
        Assert.All(contexts, context => Assert.Equal(("correlation", sentAt), (context.CorrelationId, context.SentAt)));
        Assert.Equal(Envelope(sent), Envelope(dead));

        static object?[] Envelope(IReadOnlyBasicProperties properties) =>
        [
            properties.MessageId, properties.Type, properties.ContentType, properties.ContentEncoding, properties.CorrelationId, properties.AppId,
            properties.ReplyTo, properties.Priority, properties.Timestamp, properties.DeliveryMode,
        ];
    }

    [Fact]
    public async Task A_permanent_failure_that_cannot_be_put_into_words_makes_one_dead_letter_and_concerns_no_other_message()
    {
        void Setup(ConsumerSetup setup)
        {
            setup.Settings["Inbox:DeliveryLimit"] = "10";
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return message.Text == "wordless" ? throw new WordlessPermanentFailure() : Task.CompletedTask;
            };
        }

        await Arena.DeclareAsync(Setup);
        await Arena.PublishManyAsync(20, i => $"k{i}");
        await Arena.PublishAsync(new Noted("wordless"), key: "k1");
        await Arena.PublishManyAsync(20, i => $"k{i}");
        await using var consumer = await Arena.ConsumeAsync(Setup);

        await Arena.UntilNotesAsync(40);
        await consumer.UntilCountAsync("inbox.dead_lettered", 1);
        await consumer.UntilLoggedAsync(nameof(WordlessPermanentFailure));
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1u, await Arena.MessagesAsync(Arena.DeadQueue));
        Assert.Equal(40, await Arena.NotesAsync());
        Assert.DoesNotContain(consumer.Log.All, line => line.Contains("subscription is lost", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failure_that_cannot_be_put_into_words_is_tried_again(bool looksLikeTheDatabase)
    {
        var inner = looksLikeTheDatabase ? new NpgsqlException("gone", new IOException("gone")) : null;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Ladder(setup, immediate: 1, first: "100ms", factor: "1", tries: 3);
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return context.Attempt < 4 ? throw new WordlessFailure(inner) : Task.CompletedTask;
            };
        });

        await Arena.PublishAsync(new Noted("at last"));

        await Arena.UntilNotesAsync(1, 30);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 4"));
        Assert.DoesNotContain(consumer.Log.All, line => line.Contains("subscription is lost", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("PermanentFailureException")]
    [InlineData("a type")]
    [InlineData("a rule")]
    [InlineData("wrapped")]
    [InlineData("over a deadlock")]
    public async Task A_permanent_failure_makes_a_dead_letter_at_once(string kind)
    {
        var calls = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Queue = queue => queue.TreatAsPermanent<FormatException>()
                .TreatAsPermanent(failure => failure.Message == "hopeless");
            setup.Handling = (_, _, _, _) =>
            {
                calls++;
                throw kind switch
                {
                    "PermanentFailureException" => new PermanentFailureException("no"),
                    "a type" => new FormatException("no"),
                    "a rule" => new InvalidOperationException("hopeless"),
                    "over a deadlock" => new PermanentFailureException("no", new PostgresException("deadlock", "ERROR", "ERROR", PostgresErrorCodes.DeadlockDetected)),
                    _ => new InvalidOperationException("outer", new PermanentFailureException("inner")),
                };
            };
        });

        await Arena.PublishAsync(new Noted("no"));

        var dead = await Arena.DeadLetterAsync();
        Assert.Equal(1, calls);
        Assert.Equal(1, dead.Headers["x-attempt"]);
    }

    [Fact]
    public async Task A_rule_that_fails_itself_says_nothing_and_takes_nobody_down()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Queue = queue => queue.TreatAsPermanent(failure => failure.InnerException!.Message == "hopeless");
            setup.Handling = (_, _, _, _) => throw new InvalidOperationException("no inner one");
        });

        await Arena.PublishAsync(new Noted("later"));

        await UntilDeferredAsync();
        await consumer.UntilCountAsync("inbox.retried", 1);
    }

    [Fact]
    public async Task A_rule_for_failed_saves_does_not_take_a_lost_connection_for_one()
    {
        var calls = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Queue = queue => queue.TreatAsPermanent<Microsoft.EntityFrameworkCore.DbUpdateException>();
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                if (++calls == 1)
                {
                    await Arena.EndSessionOfAsync(db);
                    await db.SaveChangesAsync(cancellationToken);
                }
            };
        });

        await Arena.PublishAsync(new Noted("once more"));

        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.dead_lettered"]);
    }

    [Fact]
    public async Task A_retry_queue_that_was_deleted_is_declared_again_and_nothing_is_lost()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Ladder(setup, immediate: 0, first: "500ms", factor: "1", tries: 5);
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return context.Attempt == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
            };
        });
        await (await Arena.ChannelAsync()).QueueDeleteAsync(Arena.Queue + ".retry.500");

        await Arena.PublishManyAsync(20, i => $"k{i}");

        await Arena.UntilNotesAsync(20);
        Assert.Equal(20, await Arena.NotesAsync("attempt = 2"));
    }

    [Fact]
    public async Task It_is_declared_once_for_all_messages_that_find_it_gone_together()
    {
        var broker = new Uri(Arena.Servers.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.RabbitMq = new UriBuilder(broker) { Host = "127.0.0.1", Port = network.Port }.Uri.AbsoluteUri;
            setup.Handling = (_, _, _, _) => throw new InvalidOperationException("no");
        });
        await (await Arena.ChannelAsync()).QueueDeleteAsync(RetryInAnHourQueue);
        network.Delay = TimeSpan.FromMilliseconds(100);

        await Arena.PublishManyAsync(40, i => $"k{i}");

        await UntilDeferredAsync(40);
        // One to consume, one for the copies, and one each time it was declared.
        Assert.InRange(network.Connections, 3, 6);
    }

    [Fact]
    public async Task Nothing_is_acked_while_its_copy_cannot_be_published()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Handling = (_, _, _, _) => throw new InvalidOperationException("no");
        });
        // Full: the broker refuses the copy with a nack.
        await Arena.Servers.Management.SetPolicyAsync("full", "retry", new Dictionary<string, object> { ["max-length"] = 0 });
        await Eventually.IsTrueAsync(IsFullAsync, TimeSpan.FromSeconds(20), "the retry queue refuses messages");

        await Arena.PublishAsync(new Noted("kept"));
        await consumer.UntilLoggedAsync("It is kept unacked");
        await consumer.StopAsync();

        await Arena.UntilQueuedAsync(1);
    }

    [Fact]
    public async Task A_dead_letter_of_the_delivery_limit_that_was_moved_back_can_be_retried()
    {
        static void Limit(ConsumerSetup setup)
        {
            setup.Settings["Inbox:DeliveryLimit"] = "5";
            // An ordered queue does not let anybody get messages past its consumer.
            setup.Queue = queue => queue.Unordered();
            Ladder(setup, immediate: 0, first: "100ms", factor: "1", tries: 3);
        }

        await Arena.DeclareAsync(Limit);
        await Arena.PublishAsync(new Noted("limit"), headers: new Dictionary<string, object?> { ["x-attempt"] = 3 });
        await ExceedDeliveryLimitAsync();
        await MoveBackWithAllItsHeadersAsync();

        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Limit(setup);
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return context.Attempt < 3 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
            };
        });

        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 3"));
    }

    [Fact]
    public async Task A_dead_letter_that_was_moved_back_gets_all_its_tries_again()
    {
        var calls = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Ladder(setup, immediate: 1, first: "100ms", factor: "1", tries: 1);
            setup.Handling = (_, _, _, _) =>
            {
                calls++;
                throw new InvalidOperationException("no");
            };
        });
        await Arena.PublishAsync(new Noted("again"));
        await Eventually.EqualsAsync(1u, () => Arena.MessagesAsync(Arena.DeadQueue), TimeSpan.FromSeconds(20), "dead");

        await MoveBackWithAllItsHeadersAsync();

        var dead = await Arena.DeadLetterAsync();
        Assert.Equal(6, calls);
        Assert.Equal(3, dead.Headers["x-attempt"]);
    }

    /// <summary>Looking at a dead letter and putting it back counts as a delivery too, and who moves it may keep the count.</summary>
    [Fact]
    public async Task How_often_a_message_was_delivered_before_it_was_moved_back_makes_it_no_suspect()
    {
        await using var consumer = await Arena.ConsumeAsync();

        await Arena.PublishAsync(new Noted("moved back"), headers: new Dictionary<string, object?> { ["x-delivery-count"] = 1_000L });

        await Arena.UntilNotesAsync(1);
        await Arena.UntilSettledAsync(consumer);
        Assert.DoesNotContain(consumer.Log.All, line => line.Contains("one by one", StringComparison.Ordinal));
    }

    private async Task<bool> IsFullAsync()
    {
        try
        {
            await Arena.PublishRawAsync(new BasicProperties(), default, RetryInAnHourQueue);
            return false;
        }
        catch (RabbitMQ.Client.Exceptions.PublishException)
        {
            return true;
        }
    }

    private async Task ExceedDeliveryLimitAsync()
    {
        var channel = await Arena.ChannelAsync();
        await Eventually.IsTrueAsync(
            async () =>
            {
                if (await channel.BasicGetAsync(Arena.Queue, autoAck: false) is { } message)
                {
                    await channel.BasicNackAsync(message.DeliveryTag, multiple: false, requeue: true);
                }

                return await Arena.MessagesAsync(Arena.DeadQueue) == 1;
            },
            TimeSpan.FromSeconds(20),
            "the broker has made it a dead letter");
    }

    private async Task MoveBackWithAllItsHeadersAsync()
    {
        var channel = await Arena.ChannelAsync();
        var message = (await channel.BasicGetAsync(Arena.DeadQueue, autoAck: true))!;
        await Arena.PublishRawAsync(new BasicProperties(message.BasicProperties), message.Body);
    }

    private static DateTimeOffset Time(DeadLetter dead, string header) =>
        DateTimeOffset.Parse((string)dead.Headers[header]!, System.Globalization.CultureInfo.InvariantCulture);

    private static void Ladder(ConsumerSetup setup, int immediate, string first, string factor, int tries)
    {
        setup.Settings["Inbox:Retry:Immediate"] = $"{immediate}";
        setup.Settings["Inbox:Retry:First"] = first;
        setup.Settings["Inbox:Retry:Factor"] = factor;
        setup.Settings["Inbox:Retry:Tries"] = $"{tries}";
    }

    private sealed class WordlessPermanentFailure : PermanentFailureException
    {
        public override string Message => throw new FormatException("There are no words for it.");
    }

    private sealed class WordlessFailure(Exception? inner) : Exception(null, inner)
    {
        public override string Message => throw new FormatException("There are no words for it.");

        public override Exception GetBaseException() => this;
    }
}
