namespace Outbox.Relay;

/// <summary>What is to be written down about a row.</summary>
/// <param name="Row">The row, in flight until it is written.</param>
/// <param name="Refusal">Why the broker refused it; null if it was confirmed.</param>
/// <param name="MaxAttempts">At how many refusals it is parked.</param>
internal readonly record struct Settlement(OutboxRow Row, string? Refusal = null, int MaxAttempts = 0)
{
    /// <summary>For refusals that say nothing against the message: it is tried again for as long as they last.</summary>
    public const int NeverParked = int.MaxValue;
}
