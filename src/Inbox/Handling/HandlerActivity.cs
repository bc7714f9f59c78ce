using System.Diagnostics;
using Messaging;

namespace Inbox;

/// <summary>The span of one run of a handler.</summary>
internal static class HandlerActivity
{
    /// <summary>Goes on with the trace of the first; those of the others are linked.</summary>
    public static Activity? Start(QueueDefinition queue, IReadOnlyList<Delivery> deliveries)
    {
        var name = $"handle {queue.Name}";
        var first = deliveries[0];
        var trace = TraceOf(first);
        var links = deliveries.Skip(1).Select(TraceOf).Where(other => other != default).Select(other => new ActivityLink(other));
        var activity = Telemetry.Activities.StartActivity(name, ActivityKind.Consumer, trace, links: links);
        return activity is null && trace != default
            ? Telemetry.StartUnrecorded(name, trace)
            : activity?.SetTag("messaging.system", "rabbitmq")
                .SetTag("messaging.destination.name", queue.Name)
                .SetTag("messaging.batch.message_count", deliveries.Count > 1 ? deliveries.Count : null)
                .SetTag("messaging.message.id", first.MessageId)
                .SetTag("messaging.message.type", first.Handler!.MessageType);
    }

    /// <summary>The default if it has none that can be read.</summary>
    private static ActivityContext TraceOf(Delivery delivery)
    {
        var traceParent = delivery.Headers.GetValueOrDefault(MessageHeaders.TraceParent) as string;
        var traceState = delivery.Headers.GetValueOrDefault(MessageHeaders.TraceState) as string;
        return ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var trace) ? trace : default;
    }
}
