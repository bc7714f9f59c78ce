namespace Inbox;

/// <summary>How far a unit of work had come when it failed.</summary>
internal enum UnitPhase
{
    /// <summary>Connecting, beginning, inserting the inbox rows: no handler has run yet.</summary>
    Dedupe,

    /// <summary>A handler, or saving what it changed.</summary>
    Handle,

    /// <summary>The guard: the handler has left a transaction that cannot be committed.</summary>
    Guard,

    /// <summary>COMMIT. Where the connection was lost in it, the transaction may have committed.</summary>
    Commit,
}

/// <param name="Exception">What was thrown.</param>
/// <param name="Phase">Where.</param>
/// <param name="ConnectionLost">Whether the unit's connection was gone afterwards, or the server did not answer when its session was to be
/// ended.</param>
/// <param name="InHand">What a handler had in hand then, or all where none had. It is where to look first and no proof: an error
/// that a handler swallows meets the next one.</param>
internal sealed record UnitFailure(Exception Exception, UnitPhase Phase, bool ConnectionLost, IReadOnlyList<Delivery> InHand);

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
