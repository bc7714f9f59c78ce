using System.Diagnostics;
using Messaging;

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
}
