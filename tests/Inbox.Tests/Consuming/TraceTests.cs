using System.Collections.Concurrent;
using System.Diagnostics;
using Messaging;
using RabbitMQ.Client;

namespace Inbox.Tests.Consuming;

public sealed class TraceTests(ServersFixture servers) : ArenaTests(servers)
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string Parent = $"00-{TraceId}-b7ad6b7169203331-01";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_trace_of_a_message_goes_on_in_its_handler_whether_anybody_records_it_or_not(bool recorded)
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => recorded && source.Name == Telemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        string? current = null;
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Handling = (db, message, context, _) =>
        {
            current = Activity.Current?.TraceId.ToString();
            return NoteIt.Default(db, message, context, CancellationToken.None);
        });

        await Arena.PublishAsync(new Noted("traced"), headers: new Dictionary<string, object?> { ["traceparent"] = Parent });

        await Arena.UntilNotesAsync(1);
        Assert.Equal(TraceId, current);
        if (recorded)
        {
            var span = Assert.Single(spans);
            Assert.Equal(ActivityKind.Consumer, span.Kind);
            Assert.Equal("b7ad6b7169203331", span.ParentSpanId.ToString());
        }
    }

    /// <summary>The client's own span of a publish writes its context over the message's.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_trace_of_a_message_goes_on_in_its_retry_and_in_its_dead_letter_while_publishes_are_recorded(bool handlersToo)
    {
        var traces = new ConcurrentQueue<string?>();
        void Setup(ConsumerSetup setup)
        {
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Settings["Inbox:Retry:First"] = "100ms";
            setup.Settings["Inbox:Retry:Tries"] = "1";
            setup.Handling = (_, _, _, _) =>
            {
                traces.Enqueue(Activity.Current?.TraceId.ToString());
                throw new InvalidOperationException("no");
            };
        }

        await Arena.DeclareAsync(Setup);
        await Arena.PublishAsync(new Noted("traced"), headers: new Dictionary<string, object?> { ["traceparent"] = Parent, ["tracestate"] = "a=b" });
        await Arena.PublishRawAsync(new BasicProperties { Headers = new Dictionary<string, object?> { ["traceparent"] = Parent } }, "unreadable"u8.ToArray());
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "RabbitMQ.Client.Publisher" || (handlersToo && source.Name == Telemetry.ActivitySourceName),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var consumer = await Arena.ConsumeAsync(Setup);

        DeadLetter[] dead = [await Arena.DeadLetterAsync(), await Arena.DeadLetterAsync()];
        Assert.Equal([TraceId, TraceId], traces);
        Assert.All(dead, letter => Assert.StartsWith($"00-{TraceId}-", (string?)letter.Headers["traceparent"], StringComparison.Ordinal));
        Assert.All(dead.Where(letter => letter.MessageId is not null), letter => Assert.Equal("a=b", letter.Headers["tracestate"]));
    }
}
