using RabbitMQ.Client;

namespace Inbox.Tests.DeadLetters;

/// <summary>Messages that the client can read, and not write as it has read them.</summary>
public sealed class UnwritableMessageTests(ServersFixture servers) : ArenaTests(servers)
{
    // Each becomes a character of three bytes.
    private static readonly byte[] NoText = [.. Enumerable.Repeat((byte)0xFF, 200)];

    [Fact]
    public async Task Bytes_that_are_no_text_are_left_out_of_the_dead_letter()
    {
        await using var consumer = await Arena.ConsumeAsync();

        await PublishRawAsync(new RawProperties(shortString: NoText, header: NoText), "body"u8.ToArray());

        var dead = await Arena.DeadLetterAsync();
        Assert.Contains("message_id", dead.Reason, StringComparison.Ordinal);
        Assert.Equal("body"u8.ToArray(), dead.Body);
        Assert.Null(dead.MessageId);
        Assert.All(dead.Headers.Keys, name => Assert.StartsWith("x-", name, StringComparison.Ordinal));
        await AssertLivesAsync(consumer);
    }

    [Fact]
    public async Task Headers_that_fill_the_frame_are_left_out_of_the_dead_letter_and_keep_a_message_from_being_retried()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return message.Text == "bad" ? throw new InvalidOperationException("bad") : Task.CompletedTask;
            };
        });
        var id = Guid.CreateVersion7();
        var properties = InboxArena.Properties(id, headers: new Dictionary<string, object?> { ["filler"] = new string('x', 130_800) });

        await PublishRawAsync(properties, Messaging.MessageSerializer.Default.Encode(new Noted("bad")));

        var dead = await Arena.DeadLetterAsync();
        Assert.Contains("no room", dead.Reason, StringComparison.Ordinal);
        Assert.Equal(id.ToString(), dead.MessageId);
        Assert.False(dead.Headers.ContainsKey("filler"));
        Assert.Equal(1, dead.Headers["x-attempt"]);
        await AssertLivesAsync(consumer);
    }

    private async Task AssertLivesAsync(RunningConsumer consumer)
    {
        await Arena.PublishAsync(new Noted("alive"));
        await Arena.UntilNotesAsync(1);
        await Arena.UntilSettledAsync(consumer);
        Assert.DoesNotContain(consumer.Log.All, line => line.Contains("cannot be put into queue", StringComparison.Ordinal));
    }

    private async Task PublishRawAsync<TProperties>(TProperties properties, byte[] body)
        where TProperties : IReadOnlyBasicProperties, IAmqpHeader
    {
        await using var channel = await (await Arena.Servers.ConnectAsync()).CreateChannelAsync();
        await channel.BasicPublishAsync("", Arena.Queue, mandatory: true, properties, body);
    }
}
