namespace Faults;

/// <summary>What was noticed around a case, beside its evidence.</summary>
internal sealed record Circumstances
{
    /// <summary>Why the fault could not be injected or healed; null where it could.</summary>
    public required string? Failure { get; init; }

    /// <summary>From healing until nothing was left to do; null when something was.</summary>
    public required TimeSpan? Drained { get; init; }

    /// <summary>How long something may be left.</summary>
    public required TimeSpan DrainBound { get; init; }

    /// <summary>What was left to do after <see cref="DrainBound"/>; null where nothing was.</summary>
    public required string? Left { get; init; }

    /// <summary>From healing until that was done too; null where nothing was left, and where it was never done.</summary>
    public required TimeSpan? Late { get; init; }

    /// <summary>What was still open when all had been done and the queues ought to have been empty; null where nothing was, and
    /// where something was never done.</summary>
    public required string? Unsettled { get; init; }

    /// <summary>Processes that ended though nobody had asked for it.</summary>
    public required IReadOnlyList<string> UnexpectedEnds { get; init; }

    /// <summary>How many messages became dead letters.</summary>
    public required long DeadLetters { get; init; }

    /// <summary>From when the broker took connections again until the first message was confirmed; null where it always did,
    /// and where no message was.</summary>
    public required TimeSpan? FirstPublish { get; init; }
}
