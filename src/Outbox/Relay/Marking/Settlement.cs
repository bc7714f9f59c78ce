namespace Outbox.Relay;

/// <summary>What is to be written down about a row.</summary>
/// <param name="Row">The row, held until it is written.</param>
/// <param name="Refusal">What it is charged with; null if the broker has confirmed it.</param>
internal readonly record struct Settlement(OutboxRow Row, Refusal? Refusal);
