using Messaging;
using Microsoft.EntityFrameworkCore;

namespace Outbox.Tests.Producing;

public sealed class BoundsTests
{
    private static readonly string LongestText = new('é', 127);

    [Fact]
    public void A_context_made_with_new_has_its_outbox_settings()
    {
        using var db = NewContext(new OutboxOptions { Exchange = "other.events" });

        var id = db.AddMessage(new NoteTaken(1, "a"));

        var row = Assert.Single(db.Outbox.Local);
        Assert.Equal("other.events", row.Exchange);
        Assert.Equal(id, row.MessageId);
        Assert.Equal(7, id.Version);
    }

    [Fact]
    public void A_context_without_UseOutbox_is_refused_with_what_to_call()
    {
        using var db = new NotesContext(new DbContextOptionsBuilder<NotesContext>().UseNpgsql().Options);

        var fault = Assert.Throws<InvalidOperationException>(() => db.AddMessage(new NoteTaken(1, "a")));

        Assert.Contains("UseOutbox", fault.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(NotesContext), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_at_the_bound_is_taken_and_one_byte_more_is_refused_with_both_numbers()
    {
        using var db = NewContext(new OutboxOptions { MaxBodyBytes = 1_024 });
        var frame = """{"number":1,"text":""}""".Length;

        db.AddMessage(new NoteTaken(1, new string('a', 1_024 - frame)));
        var fault = Assert.Throws<MessageTooLargeException>(() => db.AddMessage(new NoteTaken(1, new string('a', 1_025 - frame))));

        Assert.Contains("1025", fault.Message, StringComparison.Ordinal);
        Assert.Contains("1024", fault.Message, StringComparison.Ordinal);
        Assert.Single(db.Outbox.Local);
    }

    [Fact]
    public void Texts_at_their_bounds_are_taken()
    {
        using var db = NewContext();
        var options = new MessageOptions
        {
            Exchange = LongestText,
            CorrelationId = LongestText,
            Headers = Enumerable.Range(10, 32).ToDictionary(number => $"h{number}", _ => new string('v', 1_021)),
        };

        db.AddMessage(new NoteTaken(1, "a"), LongestText, options);

        Assert.Single(db.Outbox.Local);
    }

    public static TheoryData<string, string?, MessageOptions?> OutOfBounds => new()
    {
        { "key has 0 UTF-8 bytes", "", null },
        { "key has 256 UTF-8 bytes", LongestText + "é", null },
        { "key contains U+0000", "a\0b", null },
        { "key contains half of a surrogate pair", "a\ud800b", null },
        { "Exchange has 0 UTF-8 bytes", null, new MessageOptions { Exchange = "" } },
        { "Exchange has 256 UTF-8 bytes", null, new MessageOptions { Exchange = LongestText + "é" } },
        { "Exchange contains U+0000", null, new MessageOptions { Exchange = "\0" } },
        { "CorrelationId has 0 UTF-8 bytes", null, new MessageOptions { CorrelationId = "" } },
        { "CorrelationId has 256 UTF-8 bytes", null, new MessageOptions { CorrelationId = LongestText + "é" } },
        { "CorrelationId contains U+0000", null, new MessageOptions { CorrelationId = "\0" } },
        { "Headers has 33 entries", null, Headers([.. Enumerable.Range(0, 33).Select(number => ($"h{number}", "v"))]) },
        { "Headers have 32769 UTF-8 bytes", null, Headers(("h", new string('v', 32_768))) },
        { "A header's name has 256 UTF-8 bytes", null, Headers((LongestText + "é", "v")) },
        { "A header's name has 0 UTF-8 bytes", null, Headers(("", "v")) },
        { "Headers[\"h\"]", null, Headers(("h", "a\0")) },
        { "Headers[\"h\\0\"]", null, Headers(("h\0", "a")) },
        { "Headers[\"h\"]", null, Headers(("h", null!)) },
        { "Headers[\"h\"]", null, Headers(("h", "\udc00")) },
    };

    [Theory]
    [MemberData(nameof(OutOfBounds), DisableDiscoveryEnumeration = true)]
    public void What_is_out_of_bounds_is_refused_by_name(string named, string? key, MessageOptions? options)
    {
        using var db = NewContext();

        var fault = Assert.ThrowsAny<ArgumentException>(() => db.AddMessage(new NoteTaken(1, "a"), key, options));

        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        Assert.Empty(db.Outbox.Local);
    }

    [Theory]
    [InlineData("CC")]
    [InlineData("bcc")]
    [InlineData("key")]
    [InlineData("traceparent")]
    [InlineData("tracestate")]
    [InlineData("correlation-id")]
    [InlineData("X-Death")]
    [InlineData("x-delivery-count")]
    [InlineData("x-attempt")]
    [InlineData("x-first-failed-at")]
    [InlineData("x-last-error-type")]
    [InlineData("x-dead-reason")]
    [InlineData("X-Dead-At")]
    [InlineData("x-acquired-count")]
    [InlineData("x-first-death-queue")]
    [InlineData("x-opt-deaths")]
    public void A_header_with_a_meaning_of_its_own_cannot_be_set(string name)
    {
        using var db = NewContext();

        var fault = Assert.Throws<ArgumentException>(() => db.AddMessage(new NoteTaken(1, "a"), options: Headers((name, "v"))));

        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wire_name_that_is_too_long_is_refused()
    {
        using var db = NewContext();

        var fault = Assert.Throws<ArgumentException>(() => db.AddMessage(new LongNamed()));

        Assert.Contains("LongNamed.MessageType has 256 UTF-8 bytes", fault.Message, StringComparison.Ordinal);
    }

    private static NotesContext NewContext(OutboxOptions? options = null) =>
        new(new DbContextOptionsBuilder<NotesContext>().UseNpgsql().UseOutbox(options).Options);

    private static MessageOptions Headers(params (string Name, string Value)[] headers) =>
        new() { Headers = headers.ToDictionary(header => header.Name, header => header.Value) };

    private sealed record LongNamed : IMessage
    {
        public static string MessageType { get; } = new('x', 256);
    }
}
