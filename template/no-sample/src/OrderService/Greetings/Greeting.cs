namespace OrderService.Greetings;

/// <summary>What somebody asked for.</summary>
internal sealed class Greeting
{
    /// <summary>Made by the client of the database: a unit of work that is run again stores the same greeting.</summary>
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}
