using System.IO.Compression;
using System.Text;
using RabbitMQ.Client;

namespace Inbox.Tests.DeadLetters;

public sealed class MalformedMessageTests(ServersFixture servers) : ArenaTests(servers)
{
    private static readonly byte[] Good = Messaging.MessageSerializer.Default.Encode(new Noted("good"));

    [Fact]
    public async Task What_can_never_be_handled_is_a_dead_letter_at_once_and_the_consumer_lives()
    {
        await using var consumer = await Arena.ConsumeAsync();

        foreach (var (what, properties, body, reason) in Malformed())
        {
            await Arena.PublishRawAsync(properties, body);
            var dead = await Arena.DeadLetterAsync();
            Assert.True(dead.Reason?.Contains(reason, StringComparison.Ordinal), $"{what}: {dead.Reason}");
            Assert.Equal(body, dead.Body);
            Assert.Equal(properties.MessageId, dead.MessageId);
        }

        await Arena.PublishAsync(new Noted("alive"));
        await Arena.UntilNotesAsync(1);
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1, await Arena.NotesAsync());
    }

    [Fact]
    public async Task The_log_names_a_dead_letter_by_its_id_whatever_else_of_it_is_not_understood()
    {
        await using var consumer = await Arena.ConsumeAsync();
        BasicProperties[] malformed = [With(p => p.Type = "test.unknown.v1"), With(p => p.Headers!["key"] = 17), With(p => p.Headers!["x-attempt"] = -1)];

        foreach (var properties in malformed)
        {
            await Arena.PublishRawAsync(properties, Good);

            await consumer.UntilLoggedAsync($"message {properties.MessageId} is now a dead letter");
        }
    }

    [Fact]
    public async Task Malformed_messages_among_good_ones_cost_only_themselves()
    {
        await Arena.DeclareAsync();
        for (var i = 0; i < 50; i++)
        {
            await Arena.PublishAsync(new Noted("good", i), key: "k");
            await Arena.PublishRawAsync(InboxArena.Properties(Guid.NewGuid(), "k"), "not json"u8.ToArray());
        }

        await using var consumer = await Arena.ConsumeAsync();

        await Arena.UntilNotesAsync(50);
        await Eventually.EqualsAsync(50u, () => Arena.MessagesAsync(Arena.DeadQueue), TimeSpan.FromSeconds(20), "dead letters");
    }

    [Theory]
    [InlineData(1_700_000_000, true)]
    [InlineData(1_700_000_000_000, false)]
    [InlineData(long.MaxValue, false)]
    [InlineData(-1, true)]
    [InlineData(long.MinValue, false)]
    public async Task A_timestamp_that_no_clock_shows_counts_as_none(long timestamp, bool isSeen)
    {
        DateTimeOffset? sentAt = DateTimeOffset.MinValue;
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Handling = (db, message, context, _) =>
        {
            sentAt = context.SentAt;
            return NoteIt.Default(db, message, context, CancellationToken.None);
        });

        await Arena.PublishRawAsync(With(p => p.Timestamp = new AmqpTimestamp(timestamp)), Good);

        await Arena.UntilNotesAsync(1);
        Assert.Equal(isSeen ? DateTimeOffset.FromUnixTimeSeconds(timestamp) : null, sentAt);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 1"));
    }

    [Fact]
    public async Task User_headers_of_every_type_reach_the_handler_and_survive_a_retry()
    {
        var seen = new List<IReadOnlyDictionary<string, object?>>();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Settings["Inbox:Retry:First"] = "100ms";
            setup.Handling = (db, message, context, _) =>
            {
                seen.Add(context.Headers);
                NoteIt.Add(db, message, context);
                return context.Attempt == 1 ? throw new InvalidOperationException("once") : Task.CompletedTask;
            };
        });

        await Arena.PublishAsync(new Noted("headers"), headers: EveryType());

        await Arena.UntilNotesAsync(1);
        foreach (var name in EveryType().Keys)
        {
            Assert.Equivalent(seen[0][name], seen[1][name]);
        }

        Assert.Equal("text", seen[1]["text"]);
    }

    private static IEnumerable<(string What, BasicProperties Properties, byte[] Body, string Reason)> Malformed()
    {
        yield return ("no message_id", With(p => p.MessageId = null), Good, "message_id");
        yield return ("blank message_id", With(p => p.MessageId = "  "), Good, "message_id");
        yield return ("message_id that is no UUID", With(p => p.MessageId = "item-17"), Good, "message_id");
        yield return ("message_id without dashes", With(p => p.MessageId = Guid.NewGuid().ToString("N")), Good, "message_id");
        yield return ("nil message_id", With(p => p.MessageId = Guid.Empty.ToString()), Good, "message_id");
        yield return ("no type", With(p => p.Type = null), Good, "type");
        yield return ("unknown type", With(p => p.Type = "test.unknown.v1"), Good, "type");
        yield return ("CLR type name", With(p => p.Type = typeof(Noted).AssemblyQualifiedName), Good, "type");
        yield return ("type in other case", With(p => p.Type = "TEST.NOTED.V1"), Good, "type");
        yield return ("empty body", With(_ => { }), [], "JsonException");
        yield return ("null", With(_ => { }), "null"u8.ToArray(), "JsonException");
        yield return ("another shape", With(_ => { }), "[1,2]"u8.ToArray(), "JsonException");
        yield return ("another type of a field", With(_ => { }), """{"text":{"a":1}}"""u8.ToArray(), "JsonException");
        yield return ("number out of range", With(_ => { }), """{"text":"a","number":99999999999}"""u8.ToArray(), "JsonException");
        yield return ("truncated", With(_ => { }), Good[..^2], "JsonException");
        yield return ("trailing bytes", With(_ => { }), [.. Good, (byte)'x'], "JsonException");
        yield return ("invalid UTF-8", With(_ => { }), [.. "{\"text\":\""u8, 0xC3, 0x28, .. "\"}"u8], "cannot be read");
        yield return ("deep JSON", With(_ => { }), Encoding.UTF8.GetBytes("{\"text\":\"a\",\"x\":" + new string('[', 5_000) + new string(']', 5_000) + "}"), "JsonException");
        yield return ("gzip", With(p => p.ContentEncoding = "gzip"), Gzip(Good), "JsonException");
        yield return ("UTF-16", With(_ => { }), Encoding.Unicode.GetBytes("{\"text\":\"a\"}"), "JsonException");
        foreach (var (name, value) in EveryType().Where(header => header.Value is not (string or null)))
        {
            yield return ($"key of type {name}", With(p => p.Headers!["key"] = value), Good, "header key");
        }

        foreach (var (name, value) in EveryType().Where(header => header.Value is string or bool or double or float or decimal or System.Collections.IList))
        {
            yield return ($"x-attempt of type {name}", With(p => p.Headers!["x-attempt"] = value), Good, "header x-attempt");
        }

        yield return ("negative x-attempt", With(p => p.Headers!["x-attempt"] = -1), Good, "header x-attempt");
        yield return ("huge x-attempt", With(p => p.Headers!["x-attempt"] = long.MaxValue), Good, "header x-attempt");
    }

    private static Dictionary<string, object?> EveryType() => new()
    {
        ["text"] = "text",
        ["bytes"] = new byte[] { 0xFF, 0xFE, 0x00 },
        ["bool"] = true,
        ["byte"] = (byte)7,
        ["sbyte"] = (sbyte)-7,
        ["short"] = (short)-300,
        ["ushort"] = (ushort)300,
        ["int"] = 70_000,
        ["uint"] = 70_000u,
        ["long"] = 1L << 40,
        ["float"] = 1.5f,
        ["double"] = 2.5,
        ["decimal"] = 3.5m,
        ["timestamp"] = new AmqpTimestamp(1_700_000_000),
        ["table"] = new Dictionary<string, object?> { ["inner"] = 1 },
        ["list"] = new List<object?> { 1, "two" },
        ["binary"] = new BinaryTableValue([1, 2, 3]),
        ["nothing"] = null,
    };

    private static BasicProperties With(Action<BasicProperties> change)
    {
        var properties = InboxArena.Properties(Guid.CreateVersion7());
        change(properties);
        return properties;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionMode.Compress))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }
}
