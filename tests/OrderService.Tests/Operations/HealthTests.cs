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
    [InlineData("consumer", "consumers,database")]
    [InlineData(" Relay , CONSUMER ", "consumers,database,relay")]
    [InlineData("api,relay,consumer", "consumers,database,relay")]
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
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/openapi/v1.json"));
        Assert.Equal(roles.Contains("api", StringComparison.Ordinal) ? HttpStatusCode.OK : HttpStatusCode.NotFound, await StatusAsync(service, "/orders"));
    }

    [Fact]
    public async Task Roles_in_services_of_their_own_work_together()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var api = await arena.StartAsync("--Roles=api");
        await arena.StartAsync("--Roles=relay");
        await arena.StartAsync("--Roles=consumer");

        var id = await api.PlaceAsync("sku-1", 1);

        await api.BecomesAsync(id, "confirmed");
        await Eventually.EqualsAsync(1L, () => arena.CountAsync("notification"), Soon, "notifications");
    }

    [Fact]
    public async Task Metrics_tell_what_waits_and_what_was_done()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();
        var id = await service.PlaceAsync("sku-1", 1);
        await service.BecomesAsync(id, "confirmed");

        foreach (var name in new[] { "outbox_pending", "outbox_oldest_age_seconds", "outbox_sent", "inbox_handled", "http_server_request_duration_seconds_count" })
        {
            await Eventually.IsTrueAsync(
                async () => (await service.Http.GetStringAsync("/metrics")).Split('\n').Any(line => line.StartsWith(name, StringComparison.Ordinal)),
                Soon,
                $"a metric {name}");
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(ServiceUnderTest service, string path)
    {
        using var answer = await service.Http.GetAsync(path);
        return answer.StatusCode;
    }
}
