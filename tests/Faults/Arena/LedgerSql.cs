namespace Faults;

/// <summary>The effects ledger: triggers of the harness note what happens to the product's tables, append-only and without a
/// unique constraint, so that an effect that comes twice is there twice.</summary>
internal static class LedgerSql
{
    // Handlers that fail or dawdle on schedule do so here too: the product needs no hook for it. An order's schedule is
    // written into its customer id ("...-fails-<until, ms since 1970>"), a written message's into faults.scheduled.
    public const string Create =
        """
        CREATE SCHEMA faults;

        CREATE TABLE faults.transition (
            seq bigint GENERATED ALWAYS AS IDENTITY, order_id uuid, before text, after text);
        CREATE TABLE faults.stock_movement (
            seq bigint GENERATED ALWAYS AS IDENTITY, sku text, delta bigint);
        CREATE TABLE faults.handled (
            seq bigint GENERATED ALWAYS AS IDENTITY, consumer text, message_id uuid, xid xid8, snapshot pg_snapshot);
        CREATE TABLE faults.scheduled (
            order_id uuid PRIMARY KEY, fails_until timestamptz, takes interval);
        CREATE TABLE faults.writer_key (key text PRIMARY KEY);
        CREATE TABLE faults.mood (contention text);

        CREATE FUNCTION faults.note_transition() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
        DECLARE fails_until double precision;
        BEGIN
            IF TG_OP = 'UPDATE' AND NEW.status IN ('confirmed', 'rejected') THEN
                fails_until := nullif(split_part(NEW.customer_id, '-fails-', 2), '')::double precision;
                IF extract(epoch FROM clock_timestamp()) * 1000 < fails_until THEN
                    RAISE EXCEPTION 'told to fail';
                END IF;
                PERFORM faults.contend();
            END IF;
            INSERT INTO faults.transition (order_id, before, after)
            VALUES (NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.status END, NEW.status);
            RETURN NULL;
        END $body$;

        CREATE FUNCTION faults.contend() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $body$
        DECLARE state text := (SELECT contention FROM faults.mood LIMIT 1);
        BEGIN
            IF state IS NOT NULL AND random() < 0.1 THEN
                RAISE EXCEPTION 'told to contend' USING ERRCODE = state;
            END IF;
        END $body$;

        CREATE FUNCTION faults.note_stock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
        BEGIN
            INSERT INTO faults.stock_movement (sku, delta) VALUES (NEW.sku, NEW.available - OLD.available);
            RETURN NULL;
        END $body$;

        CREATE FUNCTION faults.note_handled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
        BEGIN
            -- At READ COMMITTED this statement has a snapshot of its own, taken after any wait of the INSERT for another transaction.
            INSERT INTO faults.handled (consumer, message_id, xid, snapshot)
            VALUES (NEW.consumer, NEW.message_id, pg_current_xact_id(), pg_current_snapshot());
            RETURN NULL;
        END $body$;

        CREATE FUNCTION faults.before_notification() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
        DECLARE told faults.scheduled;
        BEGIN
            SELECT * INTO told FROM faults.scheduled WHERE order_id = NEW.order_id;
            IF told.takes IS NOT NULL THEN
                PERFORM pg_sleep(extract(epoch FROM told.takes));
            END IF;
            IF clock_timestamp() < told.fails_until THEN
                RAISE EXCEPTION 'told to fail';
            END IF;
            PERFORM faults.contend();
            RETURN NEW;
        END $body$;

        CREATE TRIGGER faults_transition AFTER INSERT OR UPDATE ON orders
            FOR EACH ROW EXECUTE FUNCTION faults.note_transition();
        CREATE TRIGGER faults_stock AFTER UPDATE ON stock
            FOR EACH ROW EXECUTE FUNCTION faults.note_stock();
        CREATE TRIGGER faults_handled AFTER INSERT ON inbox_message
            FOR EACH ROW EXECUTE FUNCTION faults.note_handled();
        CREATE TRIGGER faults_notification BEFORE INSERT ON notification
            FOR EACH ROW EXECUTE FUNCTION faults.before_notification();
        """;
}
