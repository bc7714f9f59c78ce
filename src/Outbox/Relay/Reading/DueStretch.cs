namespace Outbox.Relay;

/// <summary>What one stretch of a walk through the rows whose time has come has found.</summary>
/// <param name="Rows">In the order of their times.</param>
/// <param name="UpTo">The database's time at which it looked: there was nothing more that was due before, unless the stretch is full.</param>
/// <param name="Took">How long it took the database.</param>
/// <param name="Next">In what time the next row comes that was not due yet, a minute at most; null if there is none.</param>
internal sealed record DueStretch(IReadOnlyList<(long Id, string? Key, DateTime Due)> Rows, DateTime UpTo, TimeSpan Took, TimeSpan? Next);
