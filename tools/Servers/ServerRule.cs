using Npgsql;
using RabbitMQ.Client;
using Servers.Docker;

namespace Servers;

/// <summary>Where servers come from.</summary>
public enum ServerSource
{
    /// <summary>The two connection strings of the environment.</summary>
    Environment,

    /// <summary>Containers.</summary>
    Docker,

    /// <summary>Private instances of the machine's own packages.</summary>
    Native,
}

/// <summary>The outcome of the rule.</summary>
/// <param name="Source">Where servers come from.</param>
/// <param name="Given">The servers, where they come from the environment.</param>
/// <param name="Engine">The engine, where they come from Docker.</param>
/// <param name="IsForced">Whether the environment leaves no other choice.</param>
public sealed record ServerChoice(
    ServerSource Source, ServerPair? Given = null, DockerEngine? Engine = null, bool IsForced = false);

/// <summary>The one rule by which PostgreSQL and RabbitMQ are found. First match wins: <c>SERVERS=docker|native</c>, which
/// forces one; <c>ConnectionStrings__Postgres</c> and <c>ConnectionStrings__RabbitMq</c>, both or neither; a Docker engine
/// that answers and has or can pull the images; private native instances.</summary>
public static class ServerRule
{
    private const string Force = "SERVERS";
    private const string Postgres = "ConnectionStrings__Postgres";
    private const string RabbitMq = "ConnectionStrings__RabbitMq";

    /// <summary>Applies the rule. What is passed over is said on standard error, with the reason.</summary>
    /// <exception cref="ServersException">What was asked for is contradictory or cannot be had.</exception>
    public static Task<ServerChoice> DecideAsync(CancellationToken cancellationToken) =>
        DecideAsync(Environment.GetEnvironmentVariable, cancellationToken);

    internal static async Task<ServerChoice> DecideAsync(Func<string, string?> environment, CancellationToken cancellationToken)
    {
        string? Variable(string name) => environment(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

        var forced = Variable(Force);
        if (forced is not (null or "docker" or "native"))
        {
            throw new ServersException($"{Force} is \"{forced}\": it must be \"docker\", \"native\" or unset.");
        }

        if (forced == "native")
        {
            return new ServerChoice(ServerSource.Native, IsForced: true);
        }

        if (forced is null && Given(Variable(Postgres), Variable(RabbitMq)) is { } given)
        {
            return new ServerChoice(ServerSource.Environment, given, IsForced: true);
        }

        var (engine, reason) = await DockerEngine.FindAsync(cancellationToken);
        if (engine is not null)
        {
            return new ServerChoice(ServerSource.Docker, Engine: engine, IsForced: forced is not null);
        }

        if (forced == "docker")
        {
            throw new ServersException($"{Force}=docker, but {reason}.");
        }

        await Console.Error.WriteLineAsync($"Not using Docker: {reason}.");
        return new ServerChoice(ServerSource.Native);
    }

    private static ServerPair? Given(string? postgres, string? rabbitMq) => (postgres, rabbitMq) switch
    {
        (null, null) => null,
        ({ }, { }) => new ServerPair("the connection strings of the environment", Npgsql(postgres), Amqp(rabbitMq), null),
        ({ }, null) => throw new ServersException($"{Postgres} is set but {RabbitMq} is not. Set both, or neither to have servers started."),
        (null, { }) => throw new ServersException($"{RabbitMq} is set but {Postgres} is not. Set both, or neither to have servers started."),
    };

    private static string Npgsql(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text).ConnectionString;
        }
        catch (ArgumentException exception)
        {
            throw new ServersException($"{Postgres} is not an Npgsql connection string: {exception.Message}");
        }
    }

    // The reason is put in words of our own: the client's would show the password.
    private static string Amqp(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
        {
            throw new ServersException($"{RabbitMq} is not an amqp:// or amqps:// address.");
        }

        try
        {
            _ = new ConnectionFactory { Uri = uri };
            return text;
        }
        catch (ArgumentException)
        {
            throw new ServersException(
                $"{RabbitMq} is not understood: it must be amqp://user:password@host:port/virtual-host, where a / within the virtual host is written %2F.");
        }
    }
}
