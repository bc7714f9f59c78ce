namespace Outbox;

/// <summary>What becomes of a message for which no queue is bound.</summary>
public enum UnroutablePolicy
{
    /// <summary>It is deferred, and parked after the last attempt.</summary>
    Park,

    /// <summary>It is marked sent and counted: for events that nobody need subscribe to.</summary>
    Accept,
}
