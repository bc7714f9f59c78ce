namespace PlaceOrders;

/// <summary>The orders of this run and their effects, counted. An order's effects are its outcome (confirmed or rejected),
/// for a confirmed one the movement of stock, and a notification.</summary>
internal sealed record Tally
{
    public long Placed { get; init; }

    public long OutboxRows { get; init; }

    public long Sent { get; init; }

    /// <summary>Outbox rows whose message was seen at the tap.</summary>
    public long Confirmed { get; init; }

    /// <summary>Orders with an outcome and a notification.</summary>
    public long Complete { get; init; }

    public long Outcomes { get; init; }

    public long Movements { get; init; }

    public long Notifications { get; init; }

    public long LostOutcomes { get; init; }

    /// <summary>Units that confirmed orders should have taken from stock and did not.</summary>
    public long LostUnits { get; init; }

    /// <summary>Orders that were rejected although there was and is enough of all they ask for.</summary>
    public long LostDecisions { get; init; }

    public long LostNotifications { get; init; }

    /// <summary>Rows that are marked sent and never arrived at the tap.</summary>
    public long LostMessages { get; init; }

    /// <summary>Requests that were told the order of another request.</summary>
    public long LostOrders { get; init; }

    public long DoubledOutcomes { get; init; }

    /// <summary>Units that were taken from stock for no confirmed order.</summary>
    public long DoubledUnits { get; init; }

    public long DoubledNotifications { get; init; }

    /// <summary>Orders of this run's customers or keys that no request was told of.</summary>
    public long DoubledOrders { get; init; }

    public long Effects => Outcomes + Movements + Notifications;

    public long Lost => LostOutcomes + LostDecisions + LostUnits + LostNotifications + LostMessages + LostOrders;

    public long Doubled => DoubledOutcomes + DoubledUnits + DoubledNotifications + DoubledOrders;

    /// <summary>Nothing is missing any more.</summary>
    public bool IsComplete => Lost == 0 && Sent == OutboxRows && Confirmed == OutboxRows;

    /// <summary>What has to come before nothing is missing; null where nothing has to.</summary>
    public string? Missing() => IsComplete ? null
        : Lost > 0 ? $"nothing has moved any more, and {Complete} of {Placed} orders have all their effects"
        : $"of {OutboxRows} outbox rows {Sent} are marked sent, and {Confirmed} were seen at the tap queue";

    /// <summary>Says which of the counts under lost and doubled are not 0.</summary>
    public IEnumerable<string> Complaints()
    {
        (long Count, string What)[] complaints =
        [
            (LostOutcomes, "lost: orders that were neither confirmed nor rejected"),
            (LostDecisions, "lost: orders that were rejected though there is enough of all they ask for"),
            (LostUnits, "lost: units of stock that confirmed orders did not take"),
            (LostNotifications, "lost: orders without a notification"),
            (LostMessages, "lost: outbox rows marked sent that never reached the tap queue"),
            (LostOrders, "lost: requests that were answered with the order of another request"),
            (DoubledOutcomes, "doubled: outcomes beyond the first of an order"),
            (DoubledUnits, "doubled: units of stock taken for no confirmed order"),
            (DoubledNotifications, "doubled: notifications beyond the first of an order"),
            (DoubledOrders, "doubled: orders that no request was told of"),
        ];
        return complaints.Where(complaint => complaint.Count > 0).Select(complaint => $"{complaint.Count} {complaint.What}");
    }
}
