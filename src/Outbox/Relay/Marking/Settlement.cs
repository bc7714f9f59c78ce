namespace Outbox.Relay;

/// <summary>The table is to be told of a row.</summary>
/// <param name="Row">The row, held until that is done.</param>
/// <param name="Refusal">What it is charged with; null if the broker has confirmed it, and it stands in the <see cref="MarkBacklog"/>.</param>
internal readonly record struct Settlement(OutboxRow Row, Refusal? Refusal);
