using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderService.Database;

namespace OrderService.Tests.Database;

public sealed class ServiceDatabaseTests
{
    [Theory]
    [InlineData("", 1_000)]
    [InlineData("Cancellation Timeout=0", 1_000)]
    [InlineData("Cancellation Timeout=5000", 1_000)]
    [InlineData("Cancellation Timeout=200", 200)]
    [InlineData("Cancellation Timeout=-1", -1)]
    public async Task A_server_that_is_to_cancel_a_command_is_waited_for_a_second_at_the_most(string setting, int milliseconds)
    {
        var builder = WebApplication.CreateBuilder([$"--{ServiceDatabase.Setting}=Host=127.0.0.1;Username=u;{setting}"]);
        builder.AddDatabase<OrdersDbContext>();
        await using var service = builder.Build();

        var address = new NpgsqlConnectionStringBuilder(service.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);

        Assert.Equal(milliseconds, address.CancellationTimeout);
    }
}
