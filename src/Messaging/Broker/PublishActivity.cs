using System.Diagnostics;
using RabbitMQ.Client;

namespace Messaging;

/// <summary>The span of publishing a message that has a trace. It is the parent of the client's own, which would otherwise begin another
/// trace, and write that over the message's.</summary>
internal static class PublishActivity
{
    // Has the listeners of the client's own source, which it keeps to itself: they go by the name.
    private static readonly ActivitySource Client = new(RabbitMQActivitySource.PublisherSourceName);

    /// <summary>Goes on with the trace of the message, also where that is not recorded. Null where nobody listens, or it has none that can
    /// be read.</summary>
    public static Activity? Start(string name, string? traceParent, string? traceState = null) =>
        (Telemetry.Activities.HasListeners() || Client.HasListeners())
        && ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var trace)
            ? Telemetry.Activities.StartActivity(name, ActivityKind.Internal, trace) ?? Telemetry.StartUnrecorded(name, trace)
            : null;
}
