namespace Outbox.Relay;

/// <summary>What a read fetches beside what is new: rows that are known to be in the table and are not in memory.</summary>
/// <param name="Lines">Keys whose rows go on there.</param>
/// <param name="Due">Rows without a key whose time has come, ascending.</param>
internal sealed record ReadAgain(IReadOnlyList<LineRead> Lines, long[] Due);
