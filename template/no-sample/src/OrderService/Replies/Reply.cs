namespace OrderService.Replies;

/// <summary>What was answered to a greeting.</summary>
internal sealed class Reply
{
    public long Id { get; init; }

    public required Guid GreetingId { get; init; }

    public required string Text { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}
