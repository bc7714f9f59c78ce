using Messaging;

namespace OrderService.Greetings.Contracts;

/// <summary>Somebody asked for a greeting, and it is stored.</summary>
public sealed record GreetingAsked(Guid GreetingId, string Name) : IMessage
{
    /// <inheritdoc />
    public static string MessageType => "orders.greeting-asked.v1";
}
