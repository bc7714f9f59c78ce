using Faults;

namespace Commands.Tests.FaultMatrix;

/// <summary>Evidence as a case collects it, of a few orders and messages.</summary>
internal static class Evidences
{
    public static readonly Evidence None = new()
    {
        History = [],
        Tap = [],
        Outbox = [],
        Orders = [],
        Notifications = [],
        Transitions = [],
        StockMovements = [],
        Handled = [],
        ToldToFail = new HashSet<Guid>(),
        OfEarlierCases = new HashSet<Guid>(),
        End = new Baseline(0, 0, 0, 0, 0),
    };

    /// <summary>What the relay published, at the tap.</summary>
    public static Faults.TapDelivery Arrival(Guid message) =>
        new(DateTime.UnixEpoch, message.ToString(), "orders.order-confirmed.v1", null, "body", "service");

    /// <summary>A row of a message to the notifications that was sent.</summary>
    public static StoredMessage Row(long id, string? key = null) =>
        new(id, Guid.NewGuid(), "orders.order-confirmed.v1", key, "body", Guid.NewGuid(), IsSent: true, IsParked: false, Attempts: 0);

    /// <summary>An order that was asked for and became what <paramref name="decided"/> says.</summary>
    public static Evidence OfOrder(string decided, params Wanted[] lines)
    {
        var order = Guid.NewGuid();
        return None with
        {
            History = [new HistoryLine(DateTime.UnixEpoch, Asked.Place, "f1-0-0", Told.Done, 201, order, lines)],
            Orders = [new StoredOrder(order, "f1-0-0", decided)],
            Transitions = [new Transition(order, null, "placed"), new Transition(order, "placed", decided)],
        };
    }
}
