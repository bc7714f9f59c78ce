using Npgsql;

namespace OrderService.Tests.Fulfilment;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class InitialStockTests(ServersFixture servers)
{
    [Fact]
    public async Task A_stock_that_is_filled_several_times_at_once_is_filled_once_and_later_left_alone()
    {
        await using var arena = await servers.NewArenaAsync();
        var address = new NpgsqlConnectionStringBuilder(arena.Postgres).ConnectionString;

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => MigrationProgram.RunAsync(address, "--fill-stock")));
        await arena.ExecuteAsync("UPDATE stock SET available = 5 WHERE sku = 'sku-1'");
        var again = await MigrationProgram.RunAsync(address, "--fill-stock");

        Assert.All([.. results, again], result => Assert.True(result.ExitCode == 0, result.Error));
        Assert.Equal("1000 5 1000000", await arena.ScalarAsync<string>("SELECT count(*) || ' ' || min(available) || ' ' || max(available) FROM stock"));
    }
}
