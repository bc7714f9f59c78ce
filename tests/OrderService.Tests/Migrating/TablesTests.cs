namespace OrderService.Tests.Migrating;

/// <summary>The tables as programs in other languages and operators see them.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class TablesTests(ServersFixture servers)
{
    // Columns in their order, then what restrains the rows. Other indexes are there for speed alone, and may change.
    private const string Describe =
        """
        SELECT string_agg(line, E'\n' ORDER BY place, line) FROM (
            SELECT attnum AS place, concat_ws(
                ' ', attname, format_type(atttypid, atttypmod), CASE WHEN NOT attnotnull THEN 'null' END,
                CASE WHEN attidentity <> '' THEN 'identity' END, 'default ' || pg_get_expr(adbin, adrelid)) AS line
            FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
            UNION ALL
            SELECT 10000, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype IN ('c', 'f', 'x')
            UNION ALL
            SELECT 10000, CASE WHEN indisprimary THEN 'PRIMARY KEY ' ELSE 'UNIQUE ' END || substring(pg_get_indexdef(indexrelid) FROM '\(.*')
            FROM pg_index WHERE indrelid = to_regclass($1) AND indisunique
        ) AS described
        """;

    private static readonly IReadOnlyList<(string Name, string Is)> Tables =
    [
        ("outbox_message",
            """
            id bigint identity
            message_id uuid default gen_random_uuid()
            exchange text
            routing_key text
            type text
            key text null
            content_type text default 'application/json'::text
            headers jsonb null
            trace_parent text null
            body bytea
            created_at timestamp with time zone default now()
            sent_at timestamp with time zone null
            attempts integer default 0
            due_at timestamp with time zone null
            last_error text null
            parked_at timestamp with time zone null
            CHECK ((attempts >= 0))
            CHECK ((octet_length(body) <= 16777216))
            PRIMARY KEY (id)
            """),
#if (!noInbox)
        ("inbox_message",
            """
            consumer text
            message_id uuid
            received_at timestamp with time zone default now()
            body_hash bytea
            PRIMARY KEY (consumer, message_id)
            """),
#endif
#if (!noSample)
        ("orders",
            """
            id uuid
            customer_id text
            currency text
            status text
            total numeric
            placed_at timestamp with time zone
            version integer
            CHECK ((status = ANY (ARRAY['placed'::text, 'confirmed'::text, 'rejected'::text, 'cancelled'::text])))
            PRIMARY KEY (id)
            """),
        ("order_line",
            """
            order_id uuid
            line integer
            sku text
            quantity integer
            unit_price numeric
            FOREIGN KEY (order_id) REFERENCES orders(id) ON DELETE CASCADE
            PRIMARY KEY (order_id, line)
            """),
        ("idempotency_key",
            """
            key text
            body_hash bytea
            order_id uuid
            created_at timestamp with time zone default now()
            PRIMARY KEY (key)
            """),
#endif
#if (!noFulfilment)
        ("stock",
            """
            sku text
            available bigint
            CHECK ((available >= 0))
            PRIMARY KEY (sku)
            """),
        // Nothing is unique but the key, so that an effect that happens twice shows as two rows.
        ("notification",
            """
            id bigint identity
            order_id uuid
            kind text
            created_at timestamp with time zone default now()
            PRIMARY KEY (id)
            """),
#endif
    ];

    [Fact]
    public async Task The_tables_have_the_columns_and_keys_that_other_programs_rely_on()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);

        foreach (var (name, expected) in Tables)
        {
            Assert.Equal($"{name}:\n{expected}", $"{name}:\n{await arena.Arena.ScalarAsync<string>(Describe, name)}");
        }
    }
}
