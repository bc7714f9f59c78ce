using System.Data;

namespace Outbox.Tests.Reading;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class RolledBackTests(ServersFixture servers)
{
    private const int Rows = 3_000;

    [Fact]
    public async Task Rows_that_a_rollback_left_out_are_not_looked_for_any_more()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        // For as long as it has a snapshot, each look through what was sent shows in the statistics.
        await using var open = await arena.OpenAsync();
        await using var transaction = await open.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await using var look = new Npgsql.NpgsqlCommand("SELECT 1", open);
        await look.ExecuteNonQueryAsync();
        await arena.Arena.ExecuteAsync(
            $"""
            DO $body$
            BEGIN
                FOR n IN 1..{Rows} LOOP
                    INSERT INTO outbox_message (exchange, routing_key, type, body) VALUES ('e', 'committed', 't', '');
                    BEGIN
                        INSERT INTO outbox_message (exchange, routing_key, type, body) VALUES ('e', 'rolled back', 't', '');
                        RAISE division_by_zero;
                    EXCEPTION WHEN division_by_zero THEN
                    END;
                END LOOP;
            END
            $body$;
            """);

        Assert.Equal(Rows, await reader.SendAllAsync(arena));
        // The last look for the ids that were skipped.
        Assert.False(await reader.ReadAsync());
        var walked = await reader.WalkedAsync(arena);
        for (var read = 0; read < 10; read++)
        {
            Assert.False(await reader.ReadAsync());
        }

        walked = await reader.WalkedAsync(arena) - walked;
        Assert.True(walked < Rows, $"Ten reads walked {walked} entries.");
    }
}
