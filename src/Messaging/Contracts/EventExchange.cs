namespace Messaging;

/// <summary>The topic exchange that a service publishes its events to, and binds a queue to that names no other.</summary>
internal static class EventExchange
{
    public const string Setting = "Outbox:Exchange";

    public const string Default = "orders.events";
}
