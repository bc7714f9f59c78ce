using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace Servers.Running;

/// <summary>What all forms of ./run have in common: the whole service on servers that answer.</summary>
internal static class RunCommand
{
    private const string Database = "orders";
    private const int UsualPort = 8080;

    private static readonly IReadOnlyList<string> Forms =
    [
        "./run                   starts the whole service on http://127.0.0.1:8080 and serves until Ctrl-C",
#if (!noFulfilment)
        OrdersAsked.Help,
#endif
    ];

    public static string Help =>
        $"""
        {string.Join('\n', Forms)}

        environment:
          PORT                                               another port than {UsualPort}
          ConnectionStrings__Postgres, ConnectionStrings__RabbitMq   servers of your own (set both)
          SERVERS=docker|native                              containers, or this machine's own packages
        Settings of the service, such as Outbox__BatchSize, are passed on to it.

        {KeptData.Help}
        """;

    /// <summary>Starts servers and service, and lets <paramref name="use"/> say the exit code. A quiet service writes its log
    /// to a file.</summary>
    /// <exception cref="ServersException">Something is missing, taken, or did not come up.</exception>
    public static async Task<int> RunAsync(
        bool isQuiet, IReadOnlyList<string> otherProjects, Func<RunningService, Task<int>> use, CancellationToken cancellationToken)
    {
        var port = Port();
        await using var servers = await StartServersAndBuildAsync(otherProjects, cancellationToken);
        var database = await MigratedDatabase.PrepareAsync(WithDatabase(servers), cancellationToken);
        await using var service = await RunningService.StartAsync(port, database, servers, isQuiet, cancellationToken);
        return await use(service);
    }

    public static ServersException Unknown(IReadOnlyList<string> arguments) =>
        new($"Unknown arguments: {string.Join(' ', arguments)}. ./run --help says what there is.");

    private static async Task<ServerPair> StartServersAndBuildAsync(IReadOnlyList<string> otherProjects, CancellationToken cancellationToken)
    {
        // Side by side, since both take seconds; when one fails the other is ended too.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var starting = StartedServers.StartAsync(KeptData.Name, either.Token);
        var building = DotNet.BuildAsync(either.Token, [MigratedDatabase.Project, .. otherProjects]);
        try
        {
            await await Task.WhenAny(starting, building);
            await building;
            return await starting;
        }
        catch
        {
            await either.CancelAsync();
            await Task.WhenAll(starting, building).ContinueWith(_ => { }, TaskScheduler.Default);
            if (starting.IsCompletedSuccessfully)
            {
                await starting.Result.DisposeAsync();
            }

            throw;
        }
    }

    // Servers that were started for us have no database yet; a connection string of the environment names its own.
    private static string WithDatabase(ServerPair servers)
    {
        var address = new NpgsqlConnectionStringBuilder(servers.Postgres);
        if (servers.Stop is not null || string.IsNullOrEmpty(address.Database))
        {
            address.Database = Database;
        }

        return address.ConnectionString;
    }

    private static int Port()
    {
        var text = Environment.GetEnvironmentVariable("PORT");
        var port = UsualPort;
        if (!string.IsNullOrWhiteSpace(text)
            && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535))
        {
            throw new ServersException($"PORT is \"{text}\": it must be a number from 1 to 65535.");
        }

        return FreePorts.Refusal(port) is { } refusal ? throw Refused(port, refusal) : port;
    }

    internal static ServersException Refused(int port, SocketError refusal) => new(
        (refusal == SocketError.AccessDenied
            ? $"Port {port} of 127.0.0.1 may be listened on by root alone."
            : $"Port {port} of 127.0.0.1 is taken.")
        + $" Set PORT to another one: PORT={(refusal == SocketError.AccessDenied ? UsualPort : Another(port))} ./run");

    private static int Another(int port) => port < 65535 ? port + 1 : UsualPort;
}
