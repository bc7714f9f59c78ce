using System.Diagnostics;
using System.Text;
using Messaging;

namespace Outbox.Tests.Publishing;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class WireTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_message_carries_what_the_wire_contract_names_and_its_bytes_unchanged()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync();
        await using var db = arena.NewContext();
        using var activity = new Activity("a request").SetIdFormat(ActivityIdFormat.W3C);
        activity.TraceStateString = "vendor=1";
        activity.Start();

        var id = db.AddMessage(new NoteTaken(1, "<é\u2028\"\u0001>"), "k", new MessageOptions
        {
            CorrelationId = "conversation",
            Headers = new Dictionary<string, string> { ["tenant"] = "é" },
        });
        await db.SaveChangesAsync();

        var delivery = Assert.Single(await tap.ReadUntilAsync(1, Deadline));
        Assert.Equal(id.ToString(), delivery.MessageId);
        Assert.Equal(7, Guid.Parse(delivery.MessageId!).Version);
        Assert.Equal(NoteTaken.MessageType, delivery.Type);
        Assert.Equal(NoteTaken.MessageType, delivery.RoutingKey);
        Assert.Equal("application/json", delivery.Properties.ContentType);
        Assert.Equal("Outbox.Tests", delivery.Properties.AppId);
        Assert.True(delivery.Properties.Persistent);
        Assert.Equal("conversation", delivery.Properties.CorrelationId);
        Assert.Equal(
            await arena.Arena.ScalarAsync<long>("SELECT floor(extract(epoch FROM created_at))::bigint FROM outbox_message"),
            delivery.Properties.Timestamp.UnixTime);
        Assert.Equal("k", delivery.Headers[MessageHeaders.Key]);
        Assert.Equal("é", delivery.Headers["tenant"]);
        Assert.Equal(activity.Id, delivery.Headers[MessageHeaders.TraceParent]);
        Assert.Equal("vendor=1", delivery.Headers[MessageHeaders.TraceState]);
        Assert.DoesNotContain(MessageHeaders.CorrelationId, delivery.Headers.Keys);
        Assert.Equal(await arena.Arena.ScalarAsync<byte[]>("SELECT body FROM outbox_message"), delivery.Body);
    }

    [Fact]
    public async Task The_bytes_of_a_body_are_sent_as_they_are_stored_whatever_they_are()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync();
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];

        await arena.Arena.ExecuteAsync(
            "INSERT INTO outbox_message (exchange, routing_key, type, content_type, body) VALUES ($1, $2, $2, 'application/octet-stream', $3)",
            arena.Exchange, NoteTaken.MessageType, bytes);
        await arena.Arena.ExecuteAsync(
            "INSERT INTO outbox_message (exchange, routing_key, type, body) VALUES ($1, $2, $2, '')", arena.Exchange, NoteTaken.MessageType);

        var deliveries = await tap.ReadUntilAsync(2, Deadline);
        Assert.Contains(deliveries, delivery => delivery.Body.SequenceEqual(bytes) && delivery.Properties.ContentType == "application/octet-stream");
        Assert.Contains(deliveries, delivery => delivery.Body.Length == 0);
    }

    [Fact]
    public async Task A_trace_goes_on_from_the_request_through_the_row_to_the_wire()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.ActivitySourceName || source.Name.StartsWith("RabbitMQ", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await arena.StartRelayAsync();
        using var request = new Activity("a request").SetIdFormat(ActivityIdFormat.W3C).Start();

        await arena.AddNotesAsync(1, 1);

        var delivery = Assert.Single(await tap.ReadUntilAsync(1, Deadline));
        var onTheWire = ActivityContext.Parse(delivery.Headers[MessageHeaders.TraceParent], null);
        Assert.Equal(request.TraceId, onTheWire.TraceId);
        await Eventually.IsTrueAsync(() => spans.Any(span => span.OperationName == "outbox relay"), Deadline, "the relay's span ended");
        var relay = spans.First(span => span.OperationName == "outbox relay");
        Assert.Equal(request.SpanId, relay.ParentSpanId);
        Assert.Contains(spans, span => span.ParentSpanId == relay.SpanId && span.SpanId == onTheWire.SpanId);
    }

    /// <summary>The client's own span of a publish begins another trace where it finds none, and writes that over the message's.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_trace_that_is_not_recorded_is_on_the_wire_as_it_was_while_publishes_are_traced(bool relayToo)
    {
        const string Unrecorded = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "RabbitMQ.Client.Publisher" || (relayToo && source.Name == Telemetry.ActivitySourceName),
            // As OpenTelemetry's sampler does that goes by the parent.
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceId == default || options.Parent.IsRemote
                ? ActivitySamplingResult.PropagationData
                : ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        await arena.StartRelayAsync();

        await arena.InsertAsync(", trace_parent", $", '{Unrecorded}'");

        Assert.Equal(Unrecorded, Assert.Single(await tap.ReadUntilAsync(1, Deadline)).Headers[MessageHeaders.TraceParent]);
    }

    [Fact]
    public async Task A_message_goes_to_the_exchange_that_its_options_name()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await Tap.OpenAsync(arena.Arena.RabbitMq, arena.Arena.Name + ".other", NoteTaken.MessageType);
        await arena.StartRelayAsync();
        await using var db = arena.NewContext();

        db.AddMessage(new NoteTaken(1, "a"), options: new MessageOptions { Exchange = arena.Arena.Name + ".other" });
        await db.SaveChangesAsync();

        Assert.Equal("""{"number":1,"text":"a"}""", Encoding.UTF8.GetString(Assert.Single(await tap.ReadUntilAsync(1, Deadline)).Body));
    }
}
