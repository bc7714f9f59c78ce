namespace PlaceOrders;

/// <summary>The ledger's questions to the database.</summary>
internal static class LedgerSql
{
    // Stock and the orders that hold it are read by one statement, here and in CompareStock: both change in one transaction, so one
    // snapshot never shows a difference that is only a matter of timing, whatever other orders are on their way. One that was cancelled
    // when it was confirmed holds its stock until fulfilment has handled the message that tells of it.
    private const string StockNow =
        """
        SELECT stock.sku, stock.available, coalesce(held.units, 0)::bigint AS held_units
        FROM stock
        LEFT JOIN (
            SELECT order_line.sku, sum(order_line.quantity) AS units
            FROM (
                SELECT id FROM orders WHERE lower(status::text) = 'confirmed'
                UNION ALL
                SELECT message.key::uuid
                FROM outbox_message AS message
                WHERE CASE WHEN message.type = 'orders.order-cancelled.v1' THEN (convert_from(message.body, 'UTF8')::jsonb ->> 'heldStock')::boolean END
                    AND NOT EXISTS (
                        SELECT FROM inbox_message
                        WHERE inbox_message.message_id = message.message_id AND inbox_message.consumer = 'orders.fulfilment')
            ) AS holder
            JOIN order_line ON order_line.order_id = holder.id
            GROUP BY order_line.sku
        ) AS held ON held.sku = stock.sku
        """;

    public const string Prepare =
        $"""
        CREATE TEMPORARY TABLE run_order (idempotency_key text PRIMARY KEY, id uuid NOT NULL, key text NOT NULL);
        CREATE TEMPORARY TABLE stock_before AS {StockNow};
        """;

    public const string LastRow = "SELECT coalesce(max(id), 0) FROM outbox_message";

    public const string CopyOrders = "COPY run_order (idempotency_key, id, key) FROM STDIN (FORMAT BINARY)";

    public const string CompareStock =
        $"""
        SELECT coalesce(sum(greatest(expected - moved, 0)), 0)::bigint AS shortage,
               coalesce(sum(greatest(moved - expected, 0)), 0)::bigint AS surplus
        FROM (
            SELECT before.available - now.available AS moved,
                   now.held_units - before.held_units AS expected
            FROM stock_before AS before
            JOIN ({StockNow}) AS now ON now.sku = before.sku
        ) AS article
        """;

    // Rows of this run are younger than the youngest row before it: the primary key spares a walk through all older ones.
    public const string Messages =
        """
        SELECT message.message_id, message.sent_at IS NOT NULL
        FROM outbox_message AS message
        WHERE message.id > @since AND EXISTS (SELECT FROM run_order WHERE run_order.key = message.key)
        """;

    // Stock only falls while a run places orders and cancels none: what is there now was there when an order was decided.
    // An outcome counts when the order's status and the message that tells of it agree. An order that no request was told of
    // is one too many, unless it stands under a key of its own: then the answer was lost on its way.
    public const string Count =
        """
        WITH run AS (
            SELECT DISTINCT id, key FROM run_order
        ), message AS (
            SELECT run.id,
                   count(outbox.id) AS rows,
                   count(outbox.sent_at) AS sent,
                   count(*) FILTER (WHERE outbox.type IN ('orders.order-confirmed.v1', 'orders.order-rejected.v1')) AS outcomes,
                   count(*) FILTER (WHERE outbox.type = 'orders.order-' || lower(orders.status::text) || '.v1'
                                      AND outbox.type <> 'orders.order-placed.v1') AS agreeing,
                   bool_or(lower(orders.status::text) = 'confirmed') AS is_confirmed
            FROM run
            LEFT JOIN orders ON orders.id = run.id
            LEFT JOIN outbox_message AS outbox ON outbox.key = run.key AND outbox.id > @since
            GROUP BY run.id
        ), notified AS (
            SELECT run.id, count(notification.order_id) AS notifications
            FROM run
            LEFT JOIN notification ON notification.order_id = run.id
            GROUP BY run.id
        )
        SELECT (SELECT count(*) FROM run_order) AS placed,
               coalesce(sum(rows), 0)::bigint AS outbox_rows,
               coalesce(sum(sent), 0)::bigint AS sent,
               coalesce(sum(outcomes), 0)::bigint AS outcomes,
               coalesce(sum(notifications), 0)::bigint AS notifications,
               count(*) FILTER (WHERE agreeing > 0 AND notifications > 0) AS complete,
               count(*) FILTER (WHERE is_confirmed) AS confirmed_orders,
               count(*) FILTER (WHERE agreeing = 0) AS lost_outcomes,
               (SELECT count(*) FROM run JOIN orders ON orders.id = run.id
                WHERE lower(orders.status::text) = 'rejected' AND NOT EXISTS (
                    SELECT FROM (SELECT sku, sum(quantity) AS units FROM order_line WHERE order_id = orders.id GROUP BY sku) AS wanted
                    LEFT JOIN stock ON stock.sku = wanted.sku
                    LEFT JOIN stock_before AS before ON before.sku = wanted.sku
                    WHERE coalesce(stock.available, 0) < wanted.units OR coalesce(before.available, 0) < wanted.units)) AS lost_decisions,
               count(*) FILTER (WHERE notifications = 0) AS lost_notifications,
               coalesce(sum(greatest(outcomes - 1, 0)), 0)::bigint AS doubled_outcomes,
               coalesce(sum(greatest(notifications - 1, 0)), 0)::bigint AS doubled_notifications,
               (SELECT count(*) - count(DISTINCT id) FROM run_order) AS shared_orders,
               (SELECT count(*) FROM orders
                WHERE customer_id LIKE @customers || '%'
                  AND NOT EXISTS (SELECT FROM run WHERE run.id = orders.id)
                  AND NOT EXISTS (SELECT FROM idempotency_key WHERE order_id = orders.id))
             + (SELECT count(*) FROM idempotency_key
                JOIN run_order ON run_order.idempotency_key = idempotency_key.key AND run_order.id <> idempotency_key.order_id)
               AS other_orders
        FROM message
        JOIN notified ON notified.id = message.id
        """;
}
