namespace Inbox;

/// <summary>What the <see cref="Watchdog"/> has noticed.</summary>
/// <param name="Reason">For people.</param>
/// <param name="MayStandBy">Whether a consumer that stands by for another one, which is busy, would look the same: of the consumers of an
/// ordered queue the broker counts the active one alone. Subscribing again does it no harm.</param>
internal readonly record struct Silence(string Reason, bool MayStandBy = false);
