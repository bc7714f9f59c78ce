using Bench.Setup;
using Inbox;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Bench.Consuming;

/// <summary>Consumers as a service registers them, each in a host of its own inside this process.</summary>
internal sealed class RunningConsumers : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(3);

    private readonly List<IHost> _hosts = [];

    private RunningConsumers()
    {
    }

    /// <summary>Starts them. They may have begun to handle messages when this returns.</summary>
    public static async Task<RunningConsumers> StartAsync(
        Arena arena, Database database, string queue, Action<QueueBuilder> describe, int hosts)
    {
        var consumers = new RunningConsumers();
        for (var i = 0; i < hosts; i++)
        {
            var builder = QuietHost.CreateBuilder(arena, database, queue + ".events");
            builder.Services.AddDbContextPool<EffectContext>(options => options.UseNpgsql(database.ConnectionString));
            builder.Services.AddInbox<EffectContext>(inbox => inbox.Queue(queue, describe));
            builder.Services.AddInboxConsumers<EffectContext>();
            var host = builder.Build();
            consumers._hosts.Add(host);
        }

        await Task.WhenAll(consumers._hosts.Select(host => host.StartAsync()));
        return consumers;
    }

    /// <summary>Returns when the queues are declared and subscribed to.</summary>
    public Task ReadyAsync() => Eventually.IsTrueAsync(
        async () =>
        {
            var reports = await Task.WhenAll(_hosts.Select(host => host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()));
            return reports.All(report => report.Status == HealthStatus.Healthy);
        },
        StartDeadline,
        "the consumers are ready");

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_hosts.Select(host => host.StopAsync()));
        _hosts.ForEach(host => host.Dispose());
    }
}
