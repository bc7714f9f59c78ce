namespace Inbox;

/// <summary>How long a statement of a unit's transaction may wait for a lock, and how long the server lets the transaction lie idle.</summary>
internal readonly record struct TransactionBounds(TimeSpan LockWait, TimeSpan Idle)
{
    // Longer than a batch on its way usually holds a row, shorter than the server's deadlock detector waits.
    private static readonly TimeSpan BatchLockWait = TimeSpan.FromMilliseconds(100);

    // Of the time of a handler: one that waits for a row which somebody else holds is to be told so before its time is over. That costs the
    // message nothing, and is tried so often that all of it takes a few times as long as the handler may.
    private const double SingleLockShare = 0.25;

    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    // A process that hangs keeps everybody from its rows for as long as the server lets it. Batches that take longer than a second grow
    // smaller, so only one that was overtaken by slowness comes near this.
    private static readonly TimeSpan LongestBatch = TimeSpan.FromSeconds(30);

    /// <summary>How many seconds the inbox waits for the answer to a statement of its own. The connection string may say less than a lock may
    /// take, or, for the sake of COMMIT, that there is no bound: a server that has gone without a word would be waited for until the network
    /// gives up.</summary>
    public int AnswerSeconds => (int)Math.Ceiling((LockWait + Slack).TotalSeconds);

    public static TransactionBounds For(int messages, TimeSpan handlerTimeout) =>
        new(messages > 1 ? BatchLockWait : handlerTimeout * SingleLockShare, Longest(messages, handlerTimeout) + Slack);

    /// <summary>Handlers that leave the database alone until all of them are saved let the transaction lie idle for as long as they take
    /// together.</summary>
    private static TimeSpan Longest(int messages, TimeSpan handlerTimeout)
    {
        var together = messages * handlerTimeout;
        return together < LongestBatch ? together : handlerTimeout > LongestBatch ? handlerTimeout : LongestBatch;
    }
}
