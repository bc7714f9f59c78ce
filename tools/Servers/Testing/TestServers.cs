using Servers.Native;

namespace Servers.Testing;

/// <summary>One pair of servers for all tests of a run, and how the test processes learn of it.</summary>
internal sealed class TestServers : IAsyncDisposable
{
    private readonly ServerPair? _servers;

    private TestServers(ServerPair? servers, IReadOnlyDictionary<string, string> environment) =>
        (_servers, Environment) = (servers, environment);

    /// <summary>For tests that need none.</summary>
    public static TestServers None { get; } = new(null, new Dictionary<string, string>());

    /// <summary>What the test processes are told.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Applies the rule. With Docker, the tests start their own containers.</summary>
    public static async Task<TestServers> StartAsync(CancellationToken cancellationToken)
    {
        var choice = await ServerRule.DecideAsync(cancellationToken);
        if (choice.Source == ServerSource.Docker)
        {
            return new TestServers(null, new Dictionary<string, string> { ["SERVERS"] = "docker" });
        }

        var servers = choice.Given ?? await StartNativeAsync(cancellationToken);
        await Answers.WaitAsync(servers, cancellationToken);
        return new TestServers(servers, new Dictionary<string, string>
        {
            ["TEST_POSTGRES"] = servers.Postgres,
            ["TEST_RABBITMQ"] = servers.RabbitMq,
            ["TEST_RABBITMQ_MANAGEMENT"] = servers.Management?.AbsoluteUri ?? "",
            // A test that starts a service says itself what that service is told.
            ["ConnectionStrings__Postgres"] = "",
            ["ConnectionStrings__RabbitMq"] = "",
        });
    }

    private static async Task<ServerPair> StartNativeAsync(CancellationToken cancellationToken)
    {
        // Only here: whoever has containers or servers of his own need not have this machine's packages changed.
        await PgBouncerPackage.InstallWhereMissingAsync(cancellationToken);
        return (await NativeServers.StartAsync(new NativeOptions(), cancellationToken)).Pair();
    }

    public ValueTask DisposeAsync() => _servers?.DisposeAsync() ?? ValueTask.CompletedTask;
}
