using System.Text.Json.Nodes;
using Npgsql;

namespace Servers.Docker;

/// <summary>The services <c>postgres</c> and <c>rabbitmq</c> of docker-compose.yml, in a compose project of their own and on
/// free loopback ports, so that they share neither data nor ports with a <c>docker compose up</c>.</summary>
internal sealed class ComposeServers
{
    private const string Postgres = "postgres";
    private const string RabbitMq = "rabbitmq";
    private const int PostgresPort = 5432;
    private const int AmqpPort = 5672;
    private const int ManagementPort = 15672;
    private static readonly TimeSpan UpDeadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan DownDeadline = TimeSpan.FromMinutes(1);

    /// <summary>The full path of the file that defines them.</summary>
    public static string Definition { get; } = Path.Combine(RepositoryRoot.Path, "docker-compose.yml");

    private readonly ComposeProject _project;
    private readonly JsonObject _services;
    private readonly string _file;

    private ComposeServers(ComposeProject project, JsonObject file) =>
        (_project, _services, _file) = (project, file["services"]!.AsObject(), file.ToJsonString());

    /// <summary>Starts both, with the data of the last time unless another process uses that, and returns when both answer.</summary>
    /// <exception cref="ServersException">Compose is missing or refuses.</exception>
    public static async Task<ServerPair> StartAsync(CancellationToken cancellationToken)
    {
        var project = ComposeProject.Take(ComposeProject.Locks);
        try
        {
            if (!project.IsKept)
            {
                await Console.Error.WriteLineAsync("The kept data is in use by another process: these servers start empty and keep nothing.");
            }

            await RemoveAbandonedAsync(cancellationToken);
            var compose = new ComposeServers(project, await ReadAsync(project, cancellationToken));
            return await compose.UpAsync(cancellationToken);
        }
        catch
        {
            project.Dispose();
            throw;
        }
    }

    /// <summary>What <c>docker compose config</c> says, as these servers need it.</summary>
    internal static JsonObject Alone(string config)
    {
        var file = JsonNode.Parse(config)!.AsObject();
        var services = file["services"]!.AsObject();
        foreach (var other in services.Select(service => service.Key).Where(name => name is not (Postgres or RabbitMq)).ToList())
        {
            services.Remove(other);
        }

        TieToThisProcess(services, Postgres, PostgresPort);
        TieToThisProcess(services, RabbitMq, AmqpPort, ManagementPort);
        return file;
    }

    private static async Task RemoveAbandonedAsync(CancellationToken cancellationToken)
    {
        foreach (var abandoned in ComposeProject.TakeAbandoned(ComposeProject.Locks))
        {
            using (abandoned)
            {
                await new ComposeServers(abandoned, await ReadAsync(abandoned, cancellationToken)).DownAsync();
            }
        }
    }

    private static async Task<JsonObject> ReadAsync(ComposeProject project, CancellationToken cancellationToken)
    {
        var read = await Command.RunAsync(
            "docker", ["compose", "-p", project.Name, "-f", Definition, "config", "--format", "json"], TimeSpan.FromSeconds(30), cancellationToken);
        return read.Succeeded
            ? Alone(read.Output)
            : throw new ServersException($"docker compose cannot read {Definition}: {read.LastLine}");
    }

    private static void TieToThisProcess(JsonObject services, string name, params IEnumerable<int> ports)
    {
        if (services[name] is not JsonObject service)
        {
            throw new ServersException($"docker-compose.yml has no service {name}.");
        }

        service["ports"] = new JsonArray([.. ports.Select(port => (JsonNode)$"127.0.0.1::{port}")]);
        // Containers of a process that was killed would come back with the engine.
        service.Remove("restart");
    }

    private async Task<ServerPair> UpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(UpDeadline, cancellationToken, "up", "--detach", "--wait", Postgres, RabbitMq);
            var pair = await PairAsync(cancellationToken);
            await Answers.WaitAsync(pair, cancellationToken);
            return pair;
        }
        catch
        {
            await DownAsync();
            throw;
        }
    }

    private async Task<ServerPair> PairAsync(CancellationToken cancellationToken)
    {
        var user = Setting(RabbitMq, "RABBITMQ_DEFAULT_USER", "guest");
        var password = Setting(RabbitMq, "RABBITMQ_DEFAULT_PASS", "guest");
        var credentials = $"{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}";
        var postgres = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = await PortAsync(Postgres, PostgresPort, cancellationToken),
            Username = Setting(Postgres, "POSTGRES_USER", "postgres"),
            Password = Setting(Postgres, "POSTGRES_PASSWORD", ""),
            Database = "postgres",
        };
        return new ServerPair(
            $"containers of docker-compose.yml ({Images.Postgres}, {Images.RabbitMq})",
            postgres.ConnectionString,
            $"amqp://{credentials}@127.0.0.1:{await PortAsync(RabbitMq, AmqpPort, cancellationToken)}",
            new Uri($"http://{credentials}@127.0.0.1:{await PortAsync(RabbitMq, ManagementPort, cancellationToken)}/"))
        {
            Stop = StopAsync,
        };
    }

    private string Setting(string service, string name, string otherwise) =>
        (string?)_services[service]?["environment"]?[name] ?? otherwise;

    private async Task<int> PortAsync(string service, int port, CancellationToken cancellationToken)
    {
        // "127.0.0.1:49153"
        var said = await RunAsync(DownDeadline, cancellationToken, "port", service, $"{port}");
        return int.TryParse(said.Trim()[(said.Trim().LastIndexOf(':') + 1)..], out var published)
            ? published
            : throw new ServersException($"docker compose does not say where port {port} of {service} is.");
    }

    private async ValueTask StopAsync()
    {
        using (_project)
        {
            await DownAsync();
        }
    }

    private async Task DownAsync()
    {
        if (_project.IsKept)
        {
            await RunAsync(DownDeadline, CancellationToken.None, "down");
        }
        else
        {
            await RunAsync(DownDeadline, CancellationToken.None, "down", "--volumes");
            _project.Forget();
        }
    }

    private async Task<string> RunAsync(TimeSpan deadline, CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        var result = await Command.RunAsync(
            "docker",
            ["compose", "-p", _project.Name, "--project-directory", RepositoryRoot.Path, "-f", "-", .. arguments],
            deadline,
            cancellationToken,
            input: _file);
        return result.Succeeded
            ? result.Output
            : throw new ServersException($"docker compose {string.Join(' ', arguments)} failed: {result.LastLine}");
    }
}
