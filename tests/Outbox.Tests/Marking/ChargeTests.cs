using Npgsql;
using Outbox.Relay;

namespace Outbox.Tests.Marking;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ChargeTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("attempts = attempts + 1")]
    [InlineData("message_id = gen_random_uuid()")]
    [InlineData("sent_at = now()")]
    [InlineData("parked_at = now()")]
    public async Task A_row_is_charged_only_as_it_was_seen(string changed)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var row = await TakeRowAsync(arena);
        await using var owner = await OwnerLock.OpenAsync(Database.Of(arena), TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.True(await owner.TryTakeAsync(CancellationToken.None));
        await using var connection = await arena.OpenAsync();
        var marker = new Marker(connection, owner, new OutboxOptions());
        var refused = (row, new Refusal("no", MaxAttempts: 10));

        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET {changed}");
        Assert.Empty(await marker.ChargeAsync([refused], CancellationToken.None));
        Assert.Equal(1, await arena.CountAsync("last_error IS NULL AND due_at IS NULL"));

        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET attempts = 0, message_id = '{row.MessageId}', sent_at = NULL, parked_at = NULL");
        Assert.Equal([row.Id], (await marker.ChargeAsync([refused], CancellationToken.None)).Keys);
        Assert.Equal(1, await arena.CountAsync("last_error = 'no' AND due_at > now() AND attempts = 1"));
    }

    [Fact]
    public async Task A_relay_that_lost_the_lock_unknowingly_cannot_charge_a_row()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var row = await TakeRowAsync(arena);
        await using var owner = await OwnerLock.OpenAsync(Database.Of(arena), TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.True(await owner.TryTakeAsync(CancellationToken.None));
        await using var connection = await arena.OpenAsync();

        await arena.Arena.ExecuteAsync($"SELECT pg_terminate_backend({owner.ProcessId}, 10000)");

        Assert.Empty(await new Marker(connection, owner, new OutboxOptions()).ChargeAsync([(row, new Refusal("no", MaxAttempts: 10))], CancellationToken.None));
        Assert.Equal(1, await arena.CountAsync("attempts = 0 AND due_at IS NULL"));
    }

    [Fact]
    public async Task Nobody_owns_the_table_while_the_owner_before_has_a_charge_under_way()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var next = await OwnerLock.OpenAsync(Database.Of(arena), TimeSpan.FromSeconds(30), CancellationToken.None);

        await ChargeALockedRowAsync(arena, new OutboxOptions(), async (charge, before, unlock) =>
        {
            await before.DisposeAsync();
            await arena.IsUnownedAsync();
            try
            {
                Assert.False(await next.TryTakeAsync(CancellationToken.None));
                Assert.Null(await arena.OwnerAsync());
            }
            finally
            {
                await unlock();
                Assert.Single(await charge);
            }

            Assert.True(await next.TryTakeAsync(CancellationToken.None));
        });
    }

    /// <summary>By the server, since its client may have been killed.</summary>
    [Fact]
    public async Task It_waits_for_a_row_no_longer_than_a_lease()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);

        await ChargeALockedRowAsync(arena, new OutboxOptions { Lease = TimeSpan.FromMilliseconds(300) }, async (charge, _, unlock) =>
        {
            try
            {
                await Eventually.IsTrueAsync(() => charge.IsCompleted, Deadline, "the charge is given up while the row is locked");
            }
            finally
            {
                await unlock();
            }

            Assert.Equal(PostgresErrorCodes.LockNotAvailable, (await Assert.ThrowsAsync<PostgresException>(() => charge)).SqlState);
        });
    }

    [Fact]
    public async Task A_reason_that_the_database_has_no_letters_for_stops_no_charge()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync("UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN1') WHERE datname = current_database()");
        arena.Arena.DataSource.Clear();
        var row = await TakeRowAsync(arena);
        await using var owner = await OwnerLock.OpenAsync(Database.Of(arena), TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.True(await owner.TryTakeAsync(CancellationToken.None));
        await using var connection = await Database.Of(arena).OpenAsync("marker", Deadline, CancellationToken.None);

        var refused = (row, new Refusal("NOT_FOUND - no exchange 'x' in vhost 'заказы'", MaxAttempts: 10));
        Assert.Single(await new Marker(connection, owner, new OutboxOptions()).ChargeAsync([refused], CancellationToken.None));

        Assert.Equal(1, await arena.CountAsync("last_error = 'NOT_FOUND - no exchange ''x'' in vhost ''??????'''"));
    }

    private static async Task<OutboxRow> TakeRowAsync(OutboxArena arena)
    {
        await arena.InsertAsync();
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await reader.ReadAsync();
        Assert.True(reader.Lookahead.TryTake(out var row));
        return row;
    }

    /// <summary>Goes on when an owner's charge waits for a row that another transaction has locked.</summary>
    private static async Task ChargeALockedRowAsync(
        OutboxArena arena, OutboxOptions options, Func<Task<Dictionary<long, bool>>, OwnerLock, Func<Task>, Task> goOn)
    {
        var row = await TakeRowAsync(arena);
        await using var owner = await OwnerLock.OpenAsync(Database.Of(arena), TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.True(await owner.TryTakeAsync(CancellationToken.None));
        await using var other = await arena.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using var locking = new NpgsqlCommand("SELECT FROM outbox_message FOR UPDATE", other, transaction);
        await locking.ExecuteNonQueryAsync();
        await using var connection = await arena.OpenAsync();

        var charge = new Marker(connection, owner, options).ChargeAsync([(row, new Refusal("no", MaxAttempts: 10))], CancellationToken.None);
        await Eventually.IsTrueAsync(
            async () => charge.IsCompleted
                || await arena.Arena.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = $1", connection.ProcessID) > 0,
            Deadline, "the charge waits for the row");

        await goOn(charge, owner, () => transaction.RollbackAsync());
    }
}
