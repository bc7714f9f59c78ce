using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Outbox;

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

    [Theory]
    [InlineData("api")]
#if (!noInbox)
    [InlineData("consumer")]
#endif
    public async Task A_database_that_hangs_is_told_of_by_ready_within_5_seconds_and_no_reason_to_restart(string role)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var network = arena.StartNetwork();
        var service = await arena.StartThroughAsync(network, $"--Roles={role}");
        await Eventually.EqualsAsync(HttpStatusCode.OK, () => StatusAsync(service, "/health/ready"), Soon, "status of /health/ready");

        network.HoldsReplies = true;
        var watch = Stopwatch.StartNew();
        using var answer = await service.Http.GetAsync("/health/ready");

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("unhealthy", (await answer.JsonAsync()).GetProperty("checks").GetProperty("database").GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/health/live"));
    }

    [Fact]
    public async Task A_relay_that_has_lost_the_broker_is_degraded_and_ready_all_the_same()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var address = new Uri(arena.Arena.RabbitMq);
        await using var network = TcpProxy.Start(address.Host, address.Port);
        var service = await arena.StartAsync(
            "--Roles=api,relay", "--Outbox:Unroutable=accept",
            $"--ConnectionStrings:RabbitMq={new UriBuilder(address) { Host = "127.0.0.1", Port = network.Port }.Uri.AbsoluteUri}");
        // A broker that was never reached is another matter.
        await arena.Arena.ExecuteAsync(
            "INSERT INTO outbox_message (exchange, routing_key, type, body) VALUES ($1, 'r', 't', '')",
            service.Services.GetRequiredService<OutboxOptions>().Exchange);
        await Eventually.EqualsAsync(1L, () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE sent_at IS NOT NULL"), Soon, "sent rows");

        network.Refuse();

        await Eventually.EqualsAsync("OK degraded healthy degraded", () => ReadyAsync(service), Soon, "answer of /health/ready");
    }

    /// <summary>The answer's status code, its status, and those of database and relay.</summary>
    private static async Task<string> ReadyAsync(ServiceUnderTest service)
    {
        using var answer = await service.Http.GetAsync("/health/ready");
        var ready = await answer.JsonAsync();
        var checks = ready.GetProperty("checks");
        return $"{answer.StatusCode} {ready.GetProperty("status")} {StatusOf("database")} {StatusOf("relay")}";

        JsonElement StatusOf(string check) => checks.GetProperty(check).GetProperty("status");
    }

    private static async Task<HttpStatusCode> StatusAsync(ServiceUnderTest service, string path)
    {
        using var answer = await service.Http.GetAsync(path);
        return answer.StatusCode;
    }
}
