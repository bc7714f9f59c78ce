namespace Faults;

/// <summary>The names of the queues.</summary>
internal static class Queues
{
    public const string Fulfilment = "orders.fulfilment";
    public const string Notifications = "orders.notifications";

    /// <summary>The harness's own.</summary>
    public const string Tap = "faults.tap";
}
