namespace Inbox;

/// <summary>How long a unit's transaction may wait for a lock, and how long the server lets it lie idle.</summary>
internal readonly record struct TransactionBounds(TimeSpan LockWait, TimeSpan Idle)
{
    // Longer than a batch on its way usually holds a row, shorter than the server's deadlock detector waits.
    private static readonly TimeSpan BatchLockWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    public static TransactionBounds For(int messages, TimeSpan handlerTimeout) =>
        new(messages > 1 ? BatchLockWait : handlerTimeout, handlerTimeout + Slack);
}
