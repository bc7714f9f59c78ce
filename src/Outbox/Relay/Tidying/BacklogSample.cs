namespace Outbox.Relay;

/// <summary>What waits in the table.</summary>
internal sealed record BacklogSample(long Pending, long Deferred, long Parked, TimeSpan OldestAge);
