using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Retention;

public sealed class PurgeTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task Rows_past_their_retention_are_deleted_in_batches_and_no_others()
    {
        await Arena.Servers.ExecuteAsync(
            """
            INSERT INTO inbox_message (consumer, message_id, received_at, body_hash)
            SELECT 'q', gen_random_uuid(), now() - interval '30 days' + CASE WHEN i <= 6000 THEN -1 ELSE 1 END * interval '1 hour', '\x00'
            FROM generate_series(1, 12000) AS i
            """);
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Timings = new Timings { Purge = TimeSpan.FromHours(1) });
        var purge = consumer.Services.GetRequiredService<InboxPurge>();

        while (await purge.PurgeBatchAsync(CancellationToken.None))
        {
        }

        // The consumer's own loop purges once at its start, and each of the two passes the other's rows by.
        await Eventually.EqualsAsync(6_000, () => RowsAsync("true"), TimeSpan.FromSeconds(20), "inbox rows");
        Assert.Equal(0, await RowsAsync("received_at < now() - interval '30 days'"));
    }

    [Fact]
    public async Task The_loop_purges_by_itself_again_and_again()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:Retention"] = "1h";
            setup.Timings = new Timings { Purge = TimeSpan.FromMilliseconds(100) };
        });

        for (var times = 0; times < 2; times++)
        {
            await Arena.Servers.ExecuteAsync(
                "INSERT INTO inbox_message (consumer, message_id, received_at, body_hash) VALUES ('q', gen_random_uuid(), now() - interval '2 hours', '\\x00')");
            await Eventually.EqualsAsync(0, () => RowsAsync("true"), TimeSpan.FromSeconds(20), "inbox rows");
        }
    }

    private Task<long> RowsAsync(string where) => Arena.Servers.ScalarAsync<long>($"SELECT count(*) FROM inbox_message WHERE {where}");
}
