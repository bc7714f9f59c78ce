using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
#if (!noFulfilment)
using OrderService.Database;
#endif
using OrderService.Http;

namespace OrderService.Tests;

/// <summary>The whole service in this process, on a free port, with real HTTP between it and the test.</summary>
public sealed class ServiceUnderTest : IAsyncDisposable
{
    private readonly WebApplication _service;
    private bool _stopped;

    private ServiceUnderTest(WebApplication service, LogLines log)
    {
        _service = service;
        Log = log;
        // A header out of bounds must reach the service to be refused there.
        var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        Http = new HttpClient(handler) { BaseAddress = new Uri(service.Urls.First()), Timeout = TimeSpan.FromSeconds(20) };
    }

    public HttpClient Http { get; }

    public LogLines Log { get; }

    public IServiceProvider Services => _service.Services;

    /// <summary>Settings are written as on the command line: "--Roles=api".</summary>
    public static async Task<ServiceUnderTest> StartAsync(
        ServiceArena arena, Action<IServiceCollection> adjust, Action<IEndpointRouteBuilder> map, IEnumerable<string> settings)
    {
        var log = new LogLines();
        var service = Program.Build(
            [
                "--urls=http://127.0.0.1:0",
                // Servers that somebody lends to the tests may run without fsync, which only Development allows.
                "--environment=Development",
                $"--ConnectionStrings:Postgres={arena.Arena.Postgres}",
                $"--ConnectionStrings:RabbitMq={arena.Arena.RabbitMq}",
                .. settings,
            ],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(log);
                adjust(builder.Services);
            });
        map(service.WithinDeadline());
        await service.StartAsync();
        return new ServiceUnderTest(service, log);
    }

#if (!noFulfilment)
    /// <summary>A context outside of any request, for what no request can show.</summary>
    internal async Task<T> WithContextAsync<T>(Func<OrdersDbContext, Task<T>> use)
    {
        await using var scope = Services.CreateAsyncScope();
        return await use(scope.ServiceProvider.GetRequiredService<OrdersDbContext>());
    }

#endif
    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            Http.Dispose();
            await _service.StopAsync();
            await _service.DisposeAsync();
        }
    }
}
