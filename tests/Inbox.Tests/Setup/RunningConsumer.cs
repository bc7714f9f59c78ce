using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Inbox.Tests;

/// <summary>A service with the role consumer, as a host inside the test process.</summary>
public sealed class RunningConsumer : IAsyncDisposable
{
    private readonly IHost _host;

    private RunningConsumer(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    internal RecordedCounts Counts => Services.GetRequiredService<RecordedCounts>();

    public LogLines Log => Services.GetRequiredService<LogLines>();

    /// <summary>Completes when the host has stopped by itself.</summary>
    public Task Stopped => _host.WaitForShutdownAsync();

    public static async Task<RunningConsumer> StartAsync(ConsumerSetup setup)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings
        {
            ApplicationName = "inbox-tests",
            EnvironmentName = setup.Environment,
        });
        builder.Configuration.AddInMemoryCollection(setup.Settings);
        builder.Configuration["ConnectionStrings:Postgres"] = setup.Postgres;
        builder.Configuration["ConnectionStrings:RabbitMq"] = setup.RabbitMq;
        builder.Services.AddSingleton<LogLines>();
        builder.Services.AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<LogLines>());
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        builder.Services.AddSingleton<RecordedCounts>();
        builder.Services.AddSingleton(setup.Handling);
        builder.Services.AddSingleton(setup.Timings);
        setup.AddContext(builder.Services);
        builder.Services.AddInbox<NotesContext>(setup.Describe);
        builder.Services.AddInboxConsumers<NotesContext>();
        setup.Services(builder.Services);
        var host = builder.Build();
        host.Services.GetRequiredService<RecordedCounts>();
        await host.StartAsync();
        return new RunningConsumer(host);
    }

    public async Task<HealthReport> HealthAsync() =>
        await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

    public Task UntilReadyAsync() => Eventually.IsTrueAsync(
        async () => (await HealthAsync()).Status == HealthStatus.Healthy, TimeSpan.FromSeconds(20), "the consumers are ready");

    public Task StopAsync() => _host.StopAsync();

    public Task UntilCountAsync(string instrument, long count, int seconds = 20) => Eventually.IsTrueAsync(
        () => Task.FromResult(Counts[instrument] == count),
        TimeSpan.FromSeconds(seconds),
        () => $"{instrument} is {count} (was {Counts[instrument]}); log:\n{string.Join('\n', Log.All)}");

    public Task UntilLoggedAsync(string text, int seconds = 20) => Eventually.IsTrueAsync(
        () => Task.FromResult(Log.All.Any(line => line.Contains(text, StringComparison.Ordinal))),
        TimeSpan.FromSeconds(seconds),
        () => $"\"{text}\" in the log:\n{string.Join('\n', Log.All)}");

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}

/// <summary>How a <see cref="RunningConsumer"/> is set up; the defaults are those of most tests.</summary>
public sealed class ConsumerSetup
{
    internal ConsumerSetup(string postgres, string rabbitMq, string queue)
    {
        Postgres = postgres;
        RabbitMq = rabbitMq;
        AddContext = services => services.AddDbContext<NotesContext>(options => options.UseNpgsql(Postgres));
        Describe = inbox => inbox.Queue(queue, one => Queue(one.Handle<Noted, NoteIt>()));
    }

    public string Postgres { get; set; }

    public string RabbitMq { get; set; }

    /// <summary>Further settings, such as Inbox:BatchSize.</summary>
    public Dictionary<string, string?> Settings { get; } = new() { ["Outbox:Exchange"] = InboxArena.Exchange };

    public string Environment { get; set; } = Environments.Production;

    public Handling Handling { get; set; } = NoteIt.Default;

    public Action<QueueBuilder> Queue { get; set; } = _ => { };

    public Action<InboxBuilder> Describe { get; set; }

    public Action<IServiceCollection> AddContext { get; set; }

    public Action<IServiceCollection> Services { get; set; } = _ => { };

    internal Timings Timings { get; set; } = new();
}
