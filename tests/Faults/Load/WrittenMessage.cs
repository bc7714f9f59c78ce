namespace Faults;

/// <summary>A message that another program than the service writes into the outbox, with plain SQL.</summary>
internal static class WrittenMessage
{
    /// <summary>The statement that inserts its row. What it says of the order is all that its consumer reads.</summary>
    public static string Insert(Guid order, string? key = null) =>
        $"""
        INSERT INTO outbox_message (exchange, routing_key, type, key, body)
        VALUES ('{Tap.Exchange}', 'orders.order-confirmed.v1', 'orders.order-confirmed.v1', {(key is null ? "NULL" : $"'{key}'")},
                convert_to(json_build_object('orderId', '{order}', 'customerId', '{key ?? "written"}')::text, 'UTF8'))
        """;
}
