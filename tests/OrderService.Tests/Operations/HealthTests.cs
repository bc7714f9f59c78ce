using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace OrderService.Tests.Operations;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class HealthTests(ServersFixture servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("api", "database")]
    [InlineData("relay", "database,relay")]
    [InlineData(" Api , RELAY ", "database,relay")]
#if (!noInbox)
    [InlineData("consumer", "consumers,database")]
    [InlineData("api,relay,consumer", "consumers,database,relay")]
#endif
    public async Task Each_role_alone_serves_health_metrics_and_its_description(string roles, string checks)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync($"--Roles={roles}");

        await Eventually.EqualsAsync(HttpStatusCode.OK, () => StatusAsync(service, "/health/ready"), Soon, "status of /health/ready");

        var ready = await service.Http.GetFromJsonAsync<JsonElement>("/health/ready");
        Assert.Equal("healthy", ready.GetProperty("status").GetString());
        Assert.Equal(checks, string.Join(',', ready.GetProperty("checks").EnumerateObject().Select(check => check.Name).Order(StringComparer.Ordinal)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/health/live"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/metrics"));
        var description = await service.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        Assert.Equal(roles.Contains("api", StringComparison.OrdinalIgnoreCase), description.GetProperty("paths").EnumerateObject().Any());
    }

    private static async Task<HttpStatusCode> StatusAsync(ServiceUnderTest service, string path)
    {
        using var answer = await service.Http.GetAsync(path);
        return answer.StatusCode;
    }
}
