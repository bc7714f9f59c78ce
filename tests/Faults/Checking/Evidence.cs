namespace Faults;

/// <summary>A row of outbox_message. <see cref="Order"/> is what its body names, where it can be read.</summary>
internal sealed record StoredMessage(
    long Id, Guid Message, string Type, string? Key, string Body, Guid? Order, bool IsSent, bool IsParked, int Attempts);

/// <summary>A row of orders.</summary>
internal sealed record StoredOrder(Guid Id, string Customer, string Status);

/// <summary>A row of notification.</summary>
internal sealed record Notified(Guid Order, string Kind);

/// <summary>A change of an order's status, as the ledger saw it; <see cref="Before"/> is null when the order was stored.</summary>
internal sealed record Transition(Guid Order, string? Before, string After);

/// <summary>A change of an article's stock, as the ledger saw it.</summary>
internal sealed record StockMoved(string Sku, long Delta);

/// <summary>A row that was inserted into inbox_message, as the ledger saw it: what has the same transaction was handled together, and what
/// the snapshot does not see had not taken effect yet.</summary>
internal sealed record HandledMessage(string Consumer, Guid Message, ulong Transaction, string Snapshot);

/// <summary>Everything that is known of one case: what the clients were told, what arrived at the tap, what the tables and the
/// effects ledger hold.</summary>
internal sealed record Evidence
{
    public required IReadOnlyList<HistoryLine> History { get; init; }

    public required IReadOnlyList<TapDelivery> Tap { get; init; }

    public required IReadOnlyList<StoredMessage> Outbox { get; init; }

    /// <summary>What the relay has published: all that arrived but what the harness made up.</summary>
    public IEnumerable<TapDelivery> Published => Tap.Where(delivery => delivery.App != Faults.Tap.OwnApp);

    /// <summary>How many of them had come before: in this case, counted from the second time, or in an earlier one.</summary>
    public int Repeats
    {
        get
        {
            var messages = Published.CountBy(delivery => delivery.Message ?? "").ToList();
            return messages.Sum(message => message.Value - 1)
                + messages.Count(message => Guid.TryParse(message.Key, out var id) && OfEarlierCases.Contains(id));
        }
    }

    public required IReadOnlyList<StoredOrder> Orders { get; init; }

    public required IReadOnlyList<Notified> Notifications { get; init; }

    public required IReadOnlyList<Transition> Transitions { get; init; }

    public required IReadOnlyList<StockMoved> StockMovements { get; init; }

    public required IReadOnlyList<HandledMessage> Handled { get; init; }

    /// <summary>Written orders whose handling was told to fail for a while.</summary>
    public required IReadOnlySet<Guid> ToldToFail { get; init; }

    /// <summary>Where the tables stood when all of this was read: what is above belongs to the next case.</summary>
    public required Baseline End { get; init; }

    /// <summary>Messages at the tap that are rows of an earlier case.</summary>
    public required IReadOnlySet<Guid> OfEarlierCases { get; init; }
}
