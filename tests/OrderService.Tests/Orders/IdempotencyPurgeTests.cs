using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OrderService.Orders.Placing;

namespace OrderService.Tests.Orders;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class IdempotencyPurgeTests(ServersFixture servers)
{
    private const int MoreThanABatch = IdempotencySql.PurgeBatch + 1;

    [Fact]
    public async Task A_pass_purges_a_batch_and_tells_whether_more_may_be_waiting()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        var purge = service.Services.GetRequiredService<IdempotencyPurge>();
        await ExpireAsync(arena, MoreThanABatch);

        Assert.True(await purge.PurgeBatchAsync(CancellationToken.None));
        Assert.Equal(1, await arena.CountAsync("idempotency_key"));
        Assert.False(await purge.PurgeBatchAsync(CancellationToken.None));
        Assert.Equal(0, await arena.CountAsync("idempotency_key"));
    }

    [Fact]
    public async Task Every_ten_minutes_the_service_purges_all_there_are()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var clock = new FakeTimeProvider();
        await arena.StartAsync(services => services.AddSingleton<TimeProvider>(clock), "--Roles=api");

        for (var times = 0; times < 2; times++)
        {
            await ExpireAsync(arena, MoreThanABatch);
            await Eventually.IsTrueAsync(
                async () =>
                {
                    // Again and again: the timer may not be waiting yet.
                    clock.Advance(TimeSpan.FromMinutes(10));
                    return await arena.CountAsync("idempotency_key") < MoreThanABatch;
                },
                TimeSpan.FromSeconds(20), "expired keys are purged");
            await Eventually.IsTrueAsync(
                async () => await arena.CountAsync("idempotency_key") == 0, TimeSpan.FromSeconds(20), "the rest is purged without another wait");
        }
    }

    private static Task<int> ExpireAsync(ServiceArena arena, int keys) => arena.Arena.ExecuteAsync(
        """
        INSERT INTO idempotency_key (key, body_hash, order_id, created_at)
        SELECT 'key ' || n, '\x00', gen_random_uuid(), now() - interval '24 hours 1 second' FROM generate_series(1, $1) AS n
        """,
        keys);
}
