namespace Inbox;

/// <summary>Waits that nobody needs to set.</summary>
internal sealed record Timings
{
    /// <summary>How long a handler has to end after its token was cancelled.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long what is running may go on when a consumer stops; below the host's own patience of 30 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a consumer that receives nothing looks whether its queue is empty.</summary>
    public TimeSpan Watch { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often expired inbox rows are looked for.</summary>
    public TimeSpan Purge { get; init; } = TimeSpan.FromMinutes(10);
}
