namespace Servers.Tests.PlacingOrders;

/// <summary>The columns that the ledger reads.</summary>
internal static class LedgerTables
{
    public const string Sql =
        """
        CREATE TABLE orders (id uuid PRIMARY KEY, customer_id text, status text);
        CREATE TABLE order_line (order_id uuid, line int, sku text, quantity int);
        CREATE TABLE stock (sku text PRIMARY KEY, available bigint);
        CREATE TABLE notification (id bigint GENERATED ALWAYS AS IDENTITY, order_id uuid, kind text);
        CREATE TABLE idempotency_key (key text PRIMARY KEY, order_id uuid);
        CREATE TABLE outbox_message (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, message_id uuid DEFAULT gen_random_uuid(),
            type text, key text, sent_at timestamptz, body bytea);
        CREATE TABLE inbox_message (consumer text, message_id uuid, PRIMARY KEY (consumer, message_id));
        INSERT INTO stock VALUES ('sku-1', 100), ('sku-2', 100);
        -- An older order that is on its way while the run begins must not disturb its count.
        INSERT INTO orders VALUES ('00000000-0000-0000-0000-000000000001', 'other', 'placed');
        INSERT INTO order_line VALUES ('00000000-0000-0000-0000-000000000001', 1, 'sku-2', 5);
        INSERT INTO outbox_message (type, key) VALUES ('orders.order-placed.v1', '00000000-0000-0000-0000-000000000001');
        -- Nor one that was cancelled when it was confirmed, and has not given back its stock yet.
        INSERT INTO orders VALUES ('00000000-0000-0000-0000-000000000002', 'other', 'cancelled');
        INSERT INTO order_line VALUES ('00000000-0000-0000-0000-000000000002', 1, 'sku-2', 7);
        INSERT INTO outbox_message (type, key, body)
        VALUES ('orders.order-cancelled.v1', '00000000-0000-0000-0000-000000000002', convert_to('{"heldStock":true}', 'UTF8'));
        """;

    public const string TwoOrdersSql =
        """
        DELETE FROM outbox_message WHERE type = 'orders.order-placed.v1';
        UPDATE orders SET status = 'confirmed' WHERE status = 'placed';
        UPDATE stock SET available = available - 5 + 7 WHERE sku = 'sku-2';
        INSERT INTO inbox_message SELECT 'orders.fulfilment', message_id FROM outbox_message WHERE type = 'orders.order-cancelled.v1';
        INSERT INTO orders VALUES (@confirmed, 'customer-run1-1', 'confirmed'), (@rejected, 'customer-run1-2', 'rejected');
        INSERT INTO order_line VALUES (@confirmed, 1, 'sku-1', 2), (@confirmed, 2, 'sku-1', 1), (@rejected, 1, 'sku-none', 1);
        UPDATE stock SET available = available - 3 WHERE sku = 'sku-1';
        INSERT INTO notification (order_id, kind) VALUES (@confirmed, 'confirmed'), (@rejected, 'rejected');
        INSERT INTO idempotency_key VALUES ('run1-1', @confirmed), ('run1-2', @rejected);
        INSERT INTO outbox_message (type, key, sent_at) VALUES
            ('orders.order-placed.v1', @confirmed, now()), ('orders.order-placed.v1', @rejected, now()),
            ('orders.order-confirmed.v1', @confirmed, now()), ('orders.order-rejected.v1', @rejected, now());
        """;
}
