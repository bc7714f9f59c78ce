using Bench.Setup;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Outbox;

namespace Bench.Relaying;

/// <summary>The relay as a service registers it, in a host inside this process.</summary>
internal sealed class RunningRelay : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(3);

    private readonly IHost _host;
    private readonly Counted _sent;
    private string? _said;

    private RunningRelay(IHost host, Counted sent) => (_host, _sent) = (host, sent);

    /// <summary>Rows marked sent since the start.</summary>
    public long Sent => _sent.Count;

    /// <summary>Its settings, which contexts of the same service share.</summary>
    public OutboxOptions Settings => _host.Services.GetRequiredService<OutboxOptions>();

    /// <summary>Starts it and returns when it owns the table and can publish.</summary>
    public static async Task<RunningRelay> StartAsync(Arena arena, Database database, string exchange, params (string Name, string Value)[] settings)
    {
        var builder = QuietHost.CreateBuilder(arena, database, exchange, settings);
        builder.Services.AddOutboxRelay();
        var host = builder.Build();
        var sent = new Counted(Telemetry.OutboxMeterName, "outbox.sent");
        sent.Follow(host.Services);
        var relay = new RunningRelay(host, sent);
        try
        {
            await host.StartAsync();
            await Eventually.IsTrueAsync(relay.OwnsAsync, StartDeadline, "the relay owns the outbox");
            return relay;
        }
        catch (BenchException exception)
        {
            // It would go on beside the workloads that come after.
            await relay.DisposeAsync();
            throw new BenchException($"{exception.Message} It says: {relay._said}");
        }
    }

    /// <summary>Completes at the moment at which so many rows have been marked sent since the start.</summary>
    public Task SentAsync(long rows, CancellationToken cancellationToken) => _sent.ReachedAsync(rows, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _sent.Dispose();
    }

    private async Task<bool> OwnsAsync()
    {
        var report = await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        var relay = report.Entries["relay"];
        _said = relay.Description;
        return relay is { Status: HealthStatus.Healthy, Description: { } what } && what.StartsWith("Owns", StringComparison.Ordinal);
    }
}
