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
}
