namespace Outbox.Relay;

/// <summary>What is charged to a row that is not to be published as it is.</summary>
/// <param name="Reason">Why.</param>
/// <param name="MaxAttempts">At how many refusals it is parked.</param>
internal sealed record Refusal(string Reason, int MaxAttempts)
{
    /// <summary>For refusals that say nothing against the message: it is tried again for as long as they last.</summary>
    public const int NeverParked = int.MaxValue;
}
