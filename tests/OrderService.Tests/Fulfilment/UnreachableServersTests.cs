using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderService.Tests.Orders;
using Servers.Native;

namespace OrderService.Tests.Fulfilment;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class UnreachableServersTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Without_servers_the_service_runs_and_is_not_ready_then_recovers_by_itself()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var arena = await ServiceArena.CreateAsync(servers.Pair());
        await servers.Postgres.StopAsync();
        await servers.RabbitMq.StopAsync();

        var service = await arena.StartAsync();

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/health/live"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/metrics"));
        Assert.Equal("unhealthy", await CheckAsync(service, "database"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(service, "/health/ready"));
        await ComeAgain.AsksAsync(() => service.Http.GetAsync("/orders"));
        await ComeAgain.AsksAsync(() => service.PlaceAsync("{\"customerId\":\"a\",\"currency\":\"EUR\",\"lines\":[{\"sku\":\"a\",\"quantity\":1,\"unitPrice\":1}]}"));

        await servers.Postgres.StartAsync(CancellationToken.None);
        await Eventually.EqualsAsync("healthy", () => CheckAsync(service, "database"), Soon, "check of the database");
        var id = await service.PlaceAsync("sku-1", 1);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(service, "/health/ready"));

        await servers.RabbitMq.StartAsync(CancellationToken.None);
        await service.BecomesAsync(id, "confirmed");
        await Eventually.EqualsAsync(HttpStatusCode.OK, () => StatusAsync(service, "/health/ready"), Soon, "status of /health/ready");
    }

    private static async Task<HttpStatusCode> StatusAsync(ServiceUnderTest service, string path)
    {
        using var answer = await service.Http.GetAsync(path);
        return answer.StatusCode;
    }

    private static async Task<string?> CheckAsync(ServiceUnderTest service, string name)
    {
        using var answer = await service.Http.GetAsync("/health/ready");
        var health = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return health.GetProperty("checks").GetProperty(name).GetProperty("status").GetString();
    }
}
