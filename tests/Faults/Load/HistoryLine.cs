namespace Faults;

/// <summary>What was asked of the service.</summary>
internal enum Asked
{
    /// <summary>POST /orders</summary>
    Place,

    /// <summary>POST /orders/{id}/cancel</summary>
    Cancel,

    /// <summary>A row written into outbox_message by another program.</summary>
    Write,
}

/// <summary>What the client knows afterwards.</summary>
internal enum Told
{
    /// <summary>It was done.</summary>
    Done,

    /// <summary>It was not done and never will be.</summary>
    Refused,

    /// <summary>It may have happened: a timeout, a lost connection, a 503.</summary>
    Unknown,
}

/// <summary>How much of an article.</summary>
internal sealed record Wanted(string Sku, int Quantity);

/// <summary>One attempt of one client, and what it was told.</summary>
/// <param name="At">When the answer came.</param>
/// <param name="Asked">What was asked.</param>
/// <param name="Subject">Which order, by a name of the client's: the customer id, which no other request has, or the key of a
/// written row.</param>
/// <param name="Told">What is known.</param>
/// <param name="Status">The HTTP status, where there was one.</param>
/// <param name="Order">The order's id, where it is known.</param>
/// <param name="Lines">What was ordered.</param>
/// <param name="Reason">Why nothing is known.</param>
internal sealed record HistoryLine(
    DateTime At, Asked Asked, string Subject, Told Told, int? Status = null, Guid? Order = null, IReadOnlyList<Wanted>? Lines = null, string? Reason = null);
