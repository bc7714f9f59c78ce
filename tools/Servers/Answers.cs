using Npgsql;
using RabbitMQ.Client;

namespace Servers;

/// <summary>Asks servers whether they answer. The result is the reason why not, or null when they do.</summary>
public static class Answers
{
    /// <summary>Opens a connection to the server's maintenance database: the one that is named need not exist yet.</summary>
    public static async Task<string?> PostgresAsync(string connectionString, CancellationToken cancellationToken)
    {
        var address = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 5, Database = "postgres" };
        try
        {
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
