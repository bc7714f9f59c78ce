CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    "MigrationId" character varying(150) NOT NULL,
    "ProductVersion" character varying(32) NOT NULL,
    CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId")
);

START TRANSACTION;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE TABLE idempotency_key (
        key text NOT NULL,
        body_hash bytea NOT NULL,
        order_id uuid NOT NULL,
        created_at timestamp with time zone NOT NULL DEFAULT (now()),
        CONSTRAINT idempotency_key_pkey PRIMARY KEY (key)
    );
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE TABLE inbox_message (
        consumer text NOT NULL,
        message_id uuid NOT NULL,
        received_at timestamp with time zone NOT NULL DEFAULT (now()),
        body_hash bytea NOT NULL,
        CONSTRAINT inbox_message_pkey PRIMARY KEY (consumer, message_id)
    )
    WITH (autovacuum_vacuum_insert_scale_factor=0.05, autovacuum_vacuum_scale_factor=0.02);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE TABLE notification (
        id bigint GENERATED ALWAYS AS IDENTITY,
        order_id uuid NOT NULL,
        kind text NOT NULL,
        created_at timestamp with time zone NOT NULL DEFAULT (now()),
        CONSTRAINT notification_pkey PRIMARY KEY (id)
    );
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE TABLE orders (
        id uuid NOT NULL,
        customer_id text NOT NULL,
        currency text NOT NULL,
        status text NOT NULL,
        total numeric NOT NULL,
        placed_at timestamp with time zone NOT NULL,
        version integer NOT NULL,
        CONSTRAINT orders_pkey PRIMARY KEY (id),
        CONSTRAINT orders_status_known CHECK (status IN ('placed', 'confirmed', 'rejected', 'cancelled'))
    );
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE TABLE outbox_message (
        id bigint GENERATED ALWAYS AS IDENTITY,
        message_id uuid NOT NULL DEFAULT (gen_random_uuid()),
        exchange text NOT NULL,
        routing_key text NOT NULL,
        type text NOT NULL,
        key text,
        content_type text NOT NULL DEFAULT 'application/json',
        headers jsonb,
        trace_parent text,
        body bytea NOT NULL,
        created_at timestamp with time zone NOT NULL DEFAULT (now()),
        sent_at timestamp with time zone,
        attempts integer NOT NULL DEFAULT 0,
        due_at timestamp with time zone,
        last_error text,
        parked_at timestamp with time zone,
        CONSTRAINT outbox_message_pkey PRIMARY KEY (id),
        CONSTRAINT outbox_message_attempts_not_negative CHECK (attempts >= 0),
        CONSTRAINT outbox_message_body_at_most_16_mib CHECK (octet_length(body) <= 16777216)
    )
    WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05, autovacuum_vacuum_scale_factor=0.02, fillfactor=50);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE TABLE stock (
        sku text NOT NULL,
        available bigint NOT NULL,
        CONSTRAINT stock_pkey PRIMARY KEY (sku),
        CONSTRAINT stock_available_not_negative CHECK (available >= 0)
    )
    WITH (fillfactor=50);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE TABLE order_line (
        order_id uuid NOT NULL,
        line integer NOT NULL,
        sku text NOT NULL,
        quantity integer NOT NULL,
        unit_price numeric NOT NULL,
        CONSTRAINT order_line_pkey PRIMARY KEY (order_id, line),
        CONSTRAINT order_line_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
    );
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX inbox_message_received_at ON inbox_message (received_at);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX notification_order ON notification (order_id);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX orders_customer ON orders (customer_id, placed_at, id);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX orders_placed_at ON orders (placed_at, id);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX orders_status ON orders (status, placed_at, id);
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX outbox_message_due ON outbox_message (due_at, id) WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NOT NULL;
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX outbox_message_key ON outbox_message (key, id) WHERE sent_at IS NULL AND parked_at IS NULL AND key IS NOT NULL;
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX outbox_message_parked ON outbox_message (id) WHERE parked_at IS NOT NULL;
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE INDEX outbox_message_pending ON outbox_message (id) WHERE sent_at IS NULL AND parked_at IS NULL AND due_at IS NULL;
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE FUNCTION outbox_message_wake_up() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF NOT pg_try_advisory_xact_lock_shared(2002873189, TG_RELID::int) THEN
            PERFORM pg_notify('outbox_message_' || TG_RELID, '');
        END IF;
        RETURN NULL;
    END
    $body$;

    CREATE TRIGGER outbox_message_wake_up AFTER INSERT ON outbox_message
        FOR EACH STATEMENT EXECUTE FUNCTION outbox_message_wake_up();
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE FUNCTION inbox_message_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF current_setting('inbox.guard', true) = 'closed' THEN
            RAISE EXCEPTION 'A handler has committed by itself; the inbox commits.' USING ERRCODE = 'IB001';
        END IF;
        RETURN NULL;
    END
    $body$;

    CREATE CONSTRAINT TRIGGER inbox_message_guard AFTER INSERT ON inbox_message
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inbox_message_guard();
    END IF;
END $EF$;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
    VALUES ('20260101000000_Initial', '10.0.15');
    END IF;
END $EF$;
COMMIT;

