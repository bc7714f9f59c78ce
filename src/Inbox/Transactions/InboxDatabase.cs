using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Inbox;

/// <summary>The database behind the handlers' context, asked on connections of its own.</summary>
internal sealed class InboxDatabase(InboxDefinition definition, IServiceScopeFactory scopes, IHostEnvironment environment, TimeProvider clock)
{
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>Runs <paramref name="work"/> on an open connection of the context.</summary>
    public async Task<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = definition.Context(scope.ServiceProvider);
        await db.Database.OpenConnectionAsync(cancellationToken);
        return await work((NpgsqlConnection)db.Database.GetDbConnection());
    }

    /// <returns>Null when the database answers, else why not.</returns>
    /// <exception cref="UnsafeDatabaseException">It answers, and says that it may lose what it has committed.</exception>
    public async Task<string?> WhyNotAnsweringAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var (fsync, synchronousCommit) = await UseAsync(connection => DurabilityAsync(connection, patience, either.Token), either.Token);
            if (Durability.FaultOf(fsync, synchronousCommit, environment) is { } fault)
            {
                throw new UnsafeDatabaseException(fault);
            }

            return null;
        }
        catch (Exception exception) when (exception is not UnsafeDatabaseException && !cancellationToken.IsCancellationRequested)
        {
            return deadline.IsCancellationRequested
                ? $"the database did not answer within {patience.TotalSeconds:0} s"
                : $"the database does not answer ({exception.GetBaseException().Message})";
        }
    }

    /// <summary>Completes when the database answers. Until then the consumer counts as paused; what it holds stays unacked,
    /// since giving it back would count as a delivery of each message.</summary>
    public async Task WaitUntilItAnswersAsync(ConsumerStatus status, string reason, CancellationToken cancellationToken)
    {
        using var held = status.Hold($"paused: {reason}");
        var pauses = new Reconnect(clock, LongestWait);
        do
        {
            await pauses.WaitAsync(cancellationToken);
        }
        while (await WhyNotAnsweringAsync(ProbePatience, cancellationToken) is not null);
    }

    private static async Task<(string Fsync, string SynchronousCommit)> DurabilityAsync(NpgsqlConnection connection, TimeSpan patience, CancellationToken cancellationToken)
    {
        // Npgsql cancels nothing while it waits for answers to what it has sent ahead of a command, the reset of a connection from the pool.
        await using var command = new NpgsqlCommand(InboxSql.Durability, connection) { CommandTimeout = (int)Math.Ceiling(patience.TotalSeconds) };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetString(0), reader.GetString(1));
    }
}
