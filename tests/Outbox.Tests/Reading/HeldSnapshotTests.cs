using System.Diagnostics;
using Npgsql;

namespace Outbox.Tests.Reading;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
[Trait("Speed", "slow")]
public sealed class HeldSnapshotTests(ServersFixture servers)
{
    private const int Rows = 40_000;

    [Fact]
    public async Task A_snapshot_held_while_three_hundred_thousand_rows_pass_does_not_slow_the_relay()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var policy = arena.Arena.Management;
        await policy.SetPolicyAsync("short", "^tap", new Dictionary<string, object> { ["max-length"] = 10 });
        await arena.StartRelayAsync();
        await DrainAsync(arena, Rows);
        var before = await DrainAsync(arena, Rows);
        await using var holder = await arena.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using var snapshot = new NpgsqlCommand("SELECT count(*) FROM note", holder);
        await snapshot.ExecuteScalarAsync();
        await DrainAsync(arena, 300_000);

        var after = Math.Max(await DrainAsync(arena, Rows), await DrainAsync(arena, Rows));

        Assert.True(after > 0.8 * before, $"{after:0} rows/s with the snapshot, {before:0} without.");
    }

    private static async Task<double> DrainAsync(OutboxArena arena, int rows)
    {
        await arena.AddBacklogAsync(rows, body: "repeat('x', 100)");
        var sent = await arena.CountAsync("sent_at IS NOT NULL");
        var started = Stopwatch.GetTimestamp();
        await Eventually.IsTrueAsync(
            async () => await arena.Arena.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT 1 FROM outbox_message WHERE id > (SELECT max(id) FROM outbox_message) - 2000 AND sent_at IS NULL)"),
            TimeSpan.FromMinutes(5), "drained");
        return ((await arena.CountAsync("sent_at IS NOT NULL")) - sent) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
