using System.Diagnostics;

namespace Messaging;

/// <summary>Names under which OpenTelemetry finds what the libraries emit.</summary>
public static class Telemetry
{
    /// <summary>Spans of a message's way from its row to its handler.</summary>
    public const string ActivitySourceName = "Messaging";

    /// <summary>Counters and gauges of the relay.</summary>
    public const string OutboxMeterName = "Outbox";

    /// <summary>Counters and gauges of the consumers.</summary>
    public const string InboxMeterName = "Inbox";

    internal static ActivitySource Activities { get; } = new(ActivitySourceName);

    /// <summary>Goes on with a trace where nobody records our spans: messages that are added meanwhile, and spans of others, still belong
    /// to it.</summary>
    internal static Activity StartUnrecorded(string name, ActivityContext trace)
    {
        var activity = new Activity(name).SetParentId(trace.TraceId, trace.SpanId, trace.TraceFlags).Start();
        activity.TraceStateString = trace.TraceState;
        return activity;
    }
}
