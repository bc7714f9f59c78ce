namespace Inbox;

/// <summary>What became of one transaction: either all of it was rolled back, or each of its deliveries is in one of the lists.</summary>
internal sealed record UnitOutcome
{
    public UnitFailure? Failure { get; init; }

    /// <summary>From its begin to its end, without what its scope took to be disposed of.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>The session was ended by force, or its connection was lost: nothing that a handler can reach may be used for anything
    /// else.</summary>
    public bool RetiresContext { get; init; }

    /// <summary>The end of a handler that has not ended in time; null where none runs on.</summary>
    public Task? RunsOn { get; init; }

    /// <summary>Their effects are committed.</summary>
    public IReadOnlyList<Delivery> Handled { get; init; } = [];

    /// <summary>They had their effects before.</summary>
    public IReadOnlyList<Delivery> Duplicates { get; init; } = [];

    /// <summary>Another message has been handled under their ids.</summary>
    public IReadOnlyList<Delivery> Impostors { get; init; } = [];
}
