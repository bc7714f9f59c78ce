namespace Outbox.Relay;

/// <summary>A transaction that could still fill the ranges of a watch.</summary>
/// <param name="Watch">The number of the watch.</param>
/// <param name="Transaction">The virtual transaction.</param>
/// <param name="Xid">Its transaction id, where it has one.</param>
internal readonly record struct GapHolder(int Watch, string Transaction, long? Xid);
