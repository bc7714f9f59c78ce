namespace Faults;

/// <summary>A turn in which nothing was played.</summary>
/// <param name="Number">From 1, in the order of the run.</param>
/// <param name="Case">Which case it was.</param>
/// <param name="Lack">What the machine lacks for it.</param>
internal sealed record SkippedTurn(int Number, string Case, string Lack);
