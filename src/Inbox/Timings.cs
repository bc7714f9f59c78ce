namespace Inbox;

/// <summary>Waits that nobody needs to set.</summary>
internal sealed record Timings
{
    /// <summary>How long a handler has to end after its token was cancelled. Longer than Npgsql waits then for a server that has fallen silent,
    /// 2 s unless the connection string sets Cancellation Timeout: the connection is known to be lost by the end of it.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long what is running may go on when a consumer stops; below the host's own patience of 30 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a consumer that receives nothing looks whether its queue is empty.</summary>
    public TimeSpan Watch { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often expired inbox rows are looked for.</summary>
    public TimeSpan Purge { get; init; } = TimeSpan.FromMinutes(10);
}
