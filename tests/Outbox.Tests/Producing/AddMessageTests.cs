using Microsoft.EntityFrameworkCore;

namespace Outbox.Tests.Producing;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class AddMessageTests(ServersFixture servers)
{
    [Fact]
    public async Task A_message_commits_with_the_business_row()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var db = arena.NewContext();

        db.Notes.Add(new Note { Id = Guid.NewGuid(), Text = "a" });
        var id = db.AddMessage(new NoteTaken(1, "a"), key: "k");
        await db.SaveChangesAsync();

        Assert.Equal(1, await arena.Arena.ScalarAsync<long>("SELECT count(*) FROM note"));
        Assert.Equal(1, await arena.Arena.ScalarAsync<long>(
            "SELECT count(*) FROM outbox_message WHERE message_id = $1 AND key = 'k' AND type = 'notes.note-taken.v1' AND routing_key = type AND sent_at IS NULL", id));
    }

    [Fact]
    public async Task A_message_disappears_with_a_rollback()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var db = arena.NewContext();
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            db.Notes.Add(new Note { Id = Guid.NewGuid(), Text = "a" });
            db.AddMessage(new NoteTaken(1, "a"));
            await db.SaveChangesAsync();

            await transaction.RollbackAsync();
        }

        Assert.Equal(0, await arena.Arena.ScalarAsync<long>("SELECT (SELECT count(*) FROM note) + (SELECT count(*) FROM outbox_message)"));
    }

    [Fact]
    public async Task A_message_disappears_when_the_business_row_is_refused()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var id = Guid.NewGuid();
        await arena.Arena.ExecuteAsync("INSERT INTO note VALUES ($1, 'there already')", id);
        await using var db = arena.NewContext();

        db.AddMessage(new NoteTaken(1, "a"));
        db.Notes.Add(new Note { Id = id, Text = "a" });
        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());

        Assert.Equal(0, await arena.CountAsync("true"));
    }

    [Fact]
    public async Task Two_hundred_messages_of_one_SaveChanges_keep_their_order()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);

        await arena.AddNotesAsync(1, 200);

        var numbers = await arena.Arena.ScalarAsync<int[]>(
            "SELECT array_agg((convert_from(body, 'UTF8')::json ->> 'number')::int ORDER BY id) FROM outbox_message");
        Assert.Equal(Enumerable.Range(1, 200), numbers!);
    }

    [Fact]
    public async Task A_unit_of_work_that_is_retried_after_a_transient_failure_stores_its_message_once_under_the_same_id()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        // A sequence does not roll back: the first try fails as a serialization failure does, the second passes.
        await arena.Arena.ExecuteAsync(
            """
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                IF nextval('tries') = 1 THEN RAISE EXCEPTION 'injected' USING ERRCODE = '40001'; END IF;
                RETURN NEW;
            END
            $body$;
            CREATE TRIGGER fail_once BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION fail_once();
            """);
        await using var db = arena.NewContext(more: options => options.UseNpgsql(arena.Arena.Postgres, npgsql => npgsql.EnableRetryOnFailure()));

        db.Notes.Add(new Note { Id = Guid.NewGuid(), Text = "a" });
        var id = db.AddMessage(new NoteTaken(1, "a"));
        await db.SaveChangesAsync();

        Assert.Equal(2, await arena.Arena.ScalarAsync<long>("SELECT last_value FROM tries"));
        Assert.Equal(1, await arena.CountAsync("true"));
        Assert.Equal(id, await arena.Arena.ScalarAsync<Guid>("SELECT message_id FROM outbox_message"));
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_leaves_one_business_row_and_one_message()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var address = new Npgsql.NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        await using var network = TcpProxy.Start(address.Host!, address.Port);
        (address.Host, address.Port, address.Pooling) = ("127.0.0.1", network.Port, false);
        await using var db = arena.NewContext(more: options => options.UseNpgsql(address.ConnectionString, npgsql => npgsql.EnableRetryOnFailure()));

        db.Notes.Add(new Note { Id = Guid.NewGuid(), Text = "a" });
        var id = db.AddMessage(new NoteTaken(1, "a"));
        // The end of the text sets the statement apart from "BEGIN ... READ COMMITTED".
        network.CutReplyTo("COMMIT\0");
        // The second try meets the row of the first: an id made by the client turns "stored twice" into a refusal.
        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());

        Assert.Equal(1, network.Cuts);
        Assert.Equal(1, await arena.Arena.ScalarAsync<long>("SELECT count(*) FROM note"));
        Assert.Equal(id, await arena.Arena.ScalarAsync<Guid>("SELECT message_id FROM outbox_message"));
        Assert.Equal(1, await arena.CountAsync("true"));
    }
}
