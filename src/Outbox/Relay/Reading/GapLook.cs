namespace Outbox.Relay;

/// <summary>A range of ids that a read is to look through.</summary>
/// <param name="Low">Its first id.</param>
/// <param name="High">Its last id.</param>
/// <param name="Watch">The number of the watch that it waits for: it is looked through only if one of its holders has ended by the read's
/// own snapshot. 0 if it is looked through in any case.</param>
/// <param name="Most">How many rows of it are to be found at most.</param>
internal readonly record struct GapLook(long Low, long High, int Watch, int Most);
