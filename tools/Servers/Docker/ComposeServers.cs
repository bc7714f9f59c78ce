using System.Security.Cryptography;
using System.Text;
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

    private readonly string _project;
    private readonly JsonObject _services;
    private readonly string _file;

    private ComposeServers(string project, JsonObject services, string file) => (_project, _services, _file) = (project, services, file);

    /// <summary>Starts both, with the data of the last time, and returns when both answer.</summary>
    /// <exception cref="ServersException">Compose is missing or refuses.</exception>
    public static async Task<ServerPair> StartAsync(CancellationToken cancellationToken)
    {
        var compose = await ReadAsync(cancellationToken);
        try
        {
            await compose.RunAsync(UpDeadline, cancellationToken, "up", "--detach", "--wait", Postgres, RabbitMq);
            var pair = await compose.PairAsync(cancellationToken);
            await Answers.WaitAsync(pair, cancellationToken);
            return pair;
        }
        catch
        {
            await compose.DownAsync();
            throw;
        }
    }

    private static async Task<ComposeServers> ReadAsync(CancellationToken cancellationToken)
    {
        var project = "run-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RepositoryRoot.Path)))[..8];
        var read = await Command.RunAsync(
            "docker", ["compose", "-p", project, "-f", Definition, "config", "--format", "json"], TimeSpan.FromSeconds(30), cancellationToken);
        if (!read.Succeeded)
        {
            throw new ServersException($"docker compose cannot read {Definition}: {read.LastLine}");
        }

        var file = JsonNode.Parse(read.Output)!.AsObject();
        var services = file["services"]!.AsObject();
        foreach (var other in services.Select(service => service.Key).Where(name => name is not (Postgres or RabbitMq)).ToList())
        {
            services.Remove(other);
        }

        Publish(services, Postgres, PostgresPort);
        Publish(services, RabbitMq, AmqpPort, ManagementPort);
        return new ComposeServers(project, services, file.ToJsonString());
    }

    private static void Publish(JsonObject services, string name, params IEnumerable<int> ports)
    {
        if (services[name] is not JsonObject service)
        {
            throw new ServersException($"docker-compose.yml has no service {name}.");
        }

        service["ports"] = new JsonArray([.. ports.Select(port => (JsonNode)$"127.0.0.1::{port}")]);
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
            Stop = async () => await DownAsync(),
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

    // Volumes stay: the next start goes on with the same data.
    private Task<string> DownAsync() => RunAsync(DownDeadline, CancellationToken.None, "down");

    private async Task<string> RunAsync(TimeSpan deadline, CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        var result = await Command.RunAsync(
            "docker",
            ["compose", "-p", _project, "--project-directory", RepositoryRoot.Path, "-f", "-", .. arguments],
            deadline,
            cancellationToken,
            input: _file);
        return result.Succeeded
            ? result.Output
            : throw new ServersException($"docker compose {string.Join(' ', arguments)} failed: {result.LastLine}");
    }
}
