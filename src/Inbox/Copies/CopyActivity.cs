using System.Diagnostics;
using Messaging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>The span of publishing a copy. It is the parent of the client's own, which would otherwise begin a trace, and write that over
/// the message's.</summary>
internal static class CopyActivity
{
    private const string Name = "inbox copy";

    /// <summary>Goes on with the trace of the message. Null where it has none that can be read.</summary>
    public static Activity? Start(BasicProperties copy)
    {
        WireHeaders.TryText(copy.Headers, MessageHeaders.TraceParent, out var parent);
        WireHeaders.TryText(copy.Headers, MessageHeaders.TraceState, out var state);
        return ActivityContext.TryParse(parent, state, isRemote: true, out var trace)
            ? Telemetry.Activities.StartActivity(Name, ActivityKind.Internal, trace) ?? Telemetry.StartUnrecorded(Name, trace)
            : null;
    }
}
