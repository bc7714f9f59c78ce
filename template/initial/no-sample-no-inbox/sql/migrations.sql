CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    "MigrationId" character varying(150) NOT NULL,
    "ProductVersion" character varying(32) NOT NULL,
    CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId")
);

START TRANSACTION;

DO $EF$
BEGIN
    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20260101000000_Initial') THEN
    CREATE TABLE greeting (
        id uuid NOT NULL,
        name text NOT NULL,
        created_at timestamp with time zone NOT NULL DEFAULT (now()),
        CONSTRAINT greeting_pkey PRIMARY KEY (id)
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
    INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
    VALUES ('20260101000000_Initial', '10.0.15');
    END IF;
END $EF$;
COMMIT;

