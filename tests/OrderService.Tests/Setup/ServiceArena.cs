using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
#if (!noFulfilment)
using OrderService.Tests.Fulfilment;
#endif
using Servers;

namespace OrderService.Tests;

/// <summary>An arena whose database is migrated.</summary>
public sealed class ServiceArena : IAsyncDisposable
{
    private readonly List<ServiceUnderTest> _services = [];

    private ServiceArena(TestArena arena) => Arena = arena;

    public TestArena Arena { get; }

    public static async Task<ServiceArena> CreateAsync(ServersFixture servers) => await CreateAsync(await servers.NewArenaAsync());

    /// <summary>On servers of the test's own.</summary>
    public static async Task<ServiceArena> CreateAsync(ServerPair servers) => await CreateAsync(await TestArena.CreateAsync(servers));

    private static async Task<ServiceArena> CreateAsync(TestArena empty)
    {
        var arena = new ServiceArena(empty);
        await MigrateAsync(arena.Arena.Postgres);
#if (!noFulfilment)
        await arena.FillStockAsync();
#endif
        return arena;
    }

    public static async Task MigrateAsync(string connectionString)
    {
        var database = new Migrations.TargetDatabase(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        await database.CreateIfAbsentAsync(CancellationToken.None);
        await database.MigrateAsync(CancellationToken.None);
    }

    /// <summary>Starts the service in this process; it stops with the arena at the latest.</summary>
    public Task<ServiceUnderTest> StartAsync(params IEnumerable<string> settings) => StartAsync(_ => { }, settings);

    /// <summary>The same with services that differ.</summary>
    public Task<ServiceUnderTest> StartAsync(Action<IServiceCollection> adjust, params IEnumerable<string> settings) => StartAsync(adjust, _ => { }, settings);

    /// <summary>The same with further routes.</summary>
    public async Task<ServiceUnderTest> StartAsync(
        Action<IServiceCollection> adjust, Action<IEndpointRouteBuilder> map, params IEnumerable<string> settings)
    {
        var service = await ServiceUnderTest.StartAsync(this, adjust, map, settings);
        _services.Add(service);
        return service;
    }

    /// <summary>A network before the database.</summary>
    public TcpProxy StartNetwork()
    {
        var address = new NpgsqlConnectionStringBuilder(Arena.Postgres);
        return TcpProxy.Start(address.Host!, address.Port);
    }

    /// <summary>Starts the service with its connections to the database through <paramref name="network"/>.</summary>
    public Task<ServiceUnderTest> StartThroughAsync(TcpProxy network, params IEnumerable<string> settings) =>
        StartAsync([.. settings, $"--ConnectionStrings:Postgres={Arena.Postgres};Host=127.0.0.1;Port={network.Port};SSL Mode=Disable"]);

    /// <summary>How many rows a table has.</summary>
    public Task<long> CountAsync(string table) => Arena.ScalarAsync<long>($"SELECT count(*) FROM {table}");

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }

        await Arena.DisposeAsync();
    }
}
