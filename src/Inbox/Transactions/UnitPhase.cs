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
