using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OrderService.Orders.Placing;

namespace OrderService.Tests.Orders;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class IdempotencyPurgeTests(ServersFixture servers)
{
    [Fact]
    public async Task Keys_that_have_expired_are_purged_however_many_there_are()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        await ExpireAsync(arena, IdempotencySql.PurgeBatch + 1);

        var purged = await service.Services.GetRequiredService<IdempotencyPurge>().RunAsync(CancellationToken.None);

        Assert.Equal(IdempotencySql.PurgeBatch + 1, purged);
        Assert.Equal(0, await arena.CountAsync("idempotency_key"));
    }

    [Fact]
    public async Task The_service_purges_them_every_ten_minutes()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var clock = new FakeTimeProvider();
        await arena.StartAsync(services => services.AddSingleton<TimeProvider>(clock), "--Roles=api");

        for (var times = 0; times < 2; times++)
        {
            await ExpireAsync(arena, 1);
            await Eventually.IsTrueAsync(
                () =>
                {
                    // Again and again: the timer may not be waiting yet.
                    clock.Advance(TimeSpan.FromMinutes(10));
                    return IsEmptyAsync(arena);
                },
                TimeSpan.FromSeconds(20), "the expired key is purged");
        }
    }

    private static async Task<bool> IsEmptyAsync(ServiceArena arena) => await arena.CountAsync("idempotency_key") == 0;

    private static Task<int> ExpireAsync(ServiceArena arena, int keys) => arena.Arena.ExecuteAsync(
        """
        INSERT INTO idempotency_key (key, body_hash, order_id, created_at)
        SELECT 'key ' || n, '\x00', gen_random_uuid(), now() - interval '24 hours 1 second' FROM generate_series(1, $1) AS n
        """,
        keys);
}
