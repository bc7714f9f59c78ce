using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Outbox.Tests;

/// <summary>A relay in a host of its own, as in a service with the role relay alone.</summary>
public sealed class RelayUnderTest : IAsyncDisposable
{
    private readonly IHost _host;

    private RelayUnderTest(IHost host, LogLines log) => (_host, Log) = (host, log);

    public LogLines Log { get; }

    public IServiceProvider Services => _host.Services;

    public static Task<RelayUnderTest> StartAsync(OutboxArena arena, params (string Name, string Value)[] settings) =>
        StartAsync(arena, _ => { }, settings);

    /// <summary>What <paramref name="services"/> adds goes before the relay's own.</summary>
    public static async Task<RelayUnderTest> StartAsync(
        OutboxArena arena, Action<IServiceCollection> services, params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "Outbox.Tests", EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Postgres"] = arena.Arena.Postgres,
            ["ConnectionStrings:RabbitMq"] = arena.Arena.RabbitMq,
            ["Outbox:Exchange"] = arena.Exchange,
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        var log = new LogLines();
        builder.Logging.AddProvider(log);
        services(builder.Services);
        builder.Services.AddOutboxRelay();
        var host = builder.Build();
        await host.StartAsync();
        return new RelayUnderTest(host, log);
    }

    public async Task<HealthReportEntry> HealthAsync() =>
        (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["relay"];

    public Task OwnsAsync() => Eventually.IsTrueAsync(
        async () => await HealthAsync() is { Status: HealthStatus.Healthy, Description: "Owns the outbox and publishes." },
        TimeSpan.FromSeconds(15), "the relay owns the outbox");

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
