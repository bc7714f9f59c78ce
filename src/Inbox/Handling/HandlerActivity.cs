using System.Diagnostics;
using Messaging;

namespace Inbox;

/// <summary>The span of one run of a handler.</summary>
internal static class HandlerActivity
{
    /// <summary>Goes on with the trace of the first; those of the others are linked.</summary>
    public static Activity? Start(QueueDefinition queue, IReadOnlyList<Delivery> deliveries)
    {
        var first = deliveries[0];
        var links = deliveries.Skip(1).Select(delivery => new ActivityLink(TraceOf(delivery)));
        var activity = Telemetry.Activities.StartActivity($"handle {queue.Name}", ActivityKind.Consumer, TraceOf(first), links: links);
        return activity is null ? Unrecorded(queue, TraceOf(first)) : activity
            .SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.destination.name", queue.Name)
            .SetTag("messaging.batch.message_count", deliveries.Count > 1 ? deliveries.Count : null)
            .SetTag("messaging.message.id", first.MessageId)
            .SetTag("messaging.message.type", first.Handler!.MessageType);
    }

    private static Activity? Unrecorded(QueueDefinition queue, ActivityContext trace) =>
        trace == default ? null : Telemetry.StartUnrecorded($"handle {queue.Name}", trace);

    /// <summary>The default if it has none that can be read.</summary>
    private static ActivityContext TraceOf(Delivery delivery)
    {
        var traceParent = delivery.Headers.GetValueOrDefault(MessageHeaders.TraceParent) as string;
        var traceState = delivery.Headers.GetValueOrDefault(MessageHeaders.TraceState) as string;
        return ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var trace) ? trace : default;
    }
}
