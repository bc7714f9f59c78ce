using Npgsql;
using RabbitMQ.Client;

namespace Servers;

/// <summary>Asks servers whether they answer. The result is the reason why not, or null when they do.</summary>
public static class Answers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Returns when both servers answer.</summary>
    /// <exception cref="ServersException">One of them does not within 30 seconds; the message says which and why.</exception>
    public static Task WaitAsync(ServerPair servers, CancellationToken cancellationToken) => Task.WhenAll(
        WaitAsync("PostgreSQL", servers.Postgres, PostgresAsync, cancellationToken),
        WaitAsync("RabbitMQ", servers.RabbitMq, RabbitMqAsync, cancellationToken));

    private static async Task WaitAsync(
        string name, string address, Func<string, CancellationToken, Task<string?>> ask, CancellationToken cancellationToken)
    {
        var end = DateTime.UtcNow + Patience;
        while (await ask(address, cancellationToken) is { } reason)
        {
            if (DateTime.UtcNow > end)
            {
                throw new ServersException($"{name} does not answer: {reason}");
            }

            await Task.Delay(200, cancellationToken);
        }
    }

    /// <summary>Opens a connection to the server's maintenance database: the one that is named need not exist yet.</summary>
    /// <exception cref="ServersException">The connection string is not understood.</exception>
    public static async Task<string?> PostgresAsync(string connectionString, CancellationToken cancellationToken)
    {
        try
        {
            var address = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 5, Database = "postgres" };
            await using var connection = new NpgsqlConnection(address.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            return null;
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege)
        {
            // It answers; whether this user may do what is asked of it shows when it is asked.
            return null;
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            return exception.InnerException?.Message ?? exception.Message;
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException or InvalidOperationException)
        {
            // Where it comes from the environment: what we make ourselves is understood.
            throw new ServersException($"ConnectionStrings__Postgres is not understood: {fault.Message}");
        }
    }

    /// <summary>Opens an AMQP connection.</summary>
    public static async Task<string?> RabbitMqAsync(string uri, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            Uri = new Uri(uri),
            AutomaticRecoveryEnabled = false,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
        };
        try
        {
            await using var connection = await factory.CreateConnectionAsync(cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is RabbitMQ.Client.Exceptions.RabbitMQClientException or IOException or OperationCanceledException or System.Net.Sockets.SocketException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return exception.InnerException?.Message ?? exception.Message;
        }
    }
}
