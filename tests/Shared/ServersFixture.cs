using Servers;
using Servers.Native;

namespace TestSupport;

/// <summary>Tests that need servers stand in this collection. They run one after another: on few cores, tests side by side
/// take each other's time and their deadlines would measure that.</summary>
[CollectionDefinition(Name)]
public sealed class ServersCollection : ICollectionFixture<ServersFixture>
{
    /// <summary>For <c>[Collection(ServersCollection.Name)]</c>.</summary>
    public const string Name = "servers";
}

/// <summary>A real PostgreSQL and RabbitMQ for the tests of an assembly: those that ./test has started, or else by the
/// same rule as everywhere, with Testcontainers where there is a Docker engine.</summary>
public sealed class ServersFixture : IAsyncLifetime
{
    private ServerPair? _servers;

    /// <summary>The servers. Tests that stop or kill a server start private ones instead:
    /// <see cref="NativeServers.StartAsync"/>.</summary>
    public ServerPair Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

    /// <summary>A database and a virtual host that are empty and nobody else's.</summary>
    public Task<TestArena> NewArenaAsync() => TestArena.CreateAsync(Servers);

    /// <inheritdoc />
    public async Task InitializeAsync() => _servers = StartedByTest() ?? await StartAsync();

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }

    private static ServerPair? StartedByTest() =>
        Environment.GetEnvironmentVariable("TEST_POSTGRES") is { Length: > 0 } postgres
        && Environment.GetEnvironmentVariable("TEST_RABBITMQ") is { Length: > 0 } rabbitMq
            ? new ServerPair(
                "./test",
                postgres,
                rabbitMq,
                Environment.GetEnvironmentVariable("TEST_RABBITMQ_MANAGEMENT") is { Length: > 0 } management ? new Uri(management) : null)
            : null;

    private static async Task<ServerPair> StartAsync()
    {
        var choice = await ServerRule.DecideAsync(CancellationToken.None);
        return choice.Source switch
        {
            ServerSource.Environment => choice.Given!,
            ServerSource.Docker => await Containers.StartAsync(choice.Engine!),
            _ => (await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None)).Pair(),
        };
    }
}
