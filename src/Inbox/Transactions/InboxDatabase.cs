using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Inbox;

/// <summary>The database behind the handlers' context, asked on connections of its own.</summary>
internal sealed class InboxDatabase(InboxDefinition definition, IServiceScopeFactory scopes, IHostEnvironment environment, TimeProvider clock)
{
    // In Development too: it is no setting of a server, but a migration that is missing.
    private const string Unguarded =
        "The table inbox_message has no trigger inbox_message_guard, or it is disabled, or session_replication_role keeps it from firing: a handler that "
        + "commits by itself would take the other messages of its batch for handled, and they would be lost. Add a migration that calls "
        + "CreateInboxGuard(), enable the trigger, or let the role's sessions be of the origin.";

    private const string Unmigrated = "the table inbox_message does not exist yet: the migrations have not run";

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

    /// <returns>Null when the database answers and has the table of the inbox, else why nothing can be handled yet.</returns>
    /// <exception cref="UnfitDatabaseException">It answers, and says that it may lose what it has committed, or messages.</exception>
    public async Task<string?> WhyNotAnsweringAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await UseAsync(connection => InspectAsync(connection, patience, either.Token), either.Token);
        }
        catch (Exception exception) when (exception is not UnfitDatabaseException && !cancellationToken.IsCancellationRequested)
        {
            return deadline.IsCancellationRequested
                ? $"the database did not answer within {patience.TotalSeconds:0} s"
                : $"the database does not answer ({exception.GetBaseException().Message})";
        }
    }

    /// <summary>A series of pauses, each longer than the one before up to a bound, between looks at the database.</summary>
    public Reconnect NewPauses() => new(clock, LongestWait);

    /// <summary>Completes after one of <paramref name="pauses"/> at least, when the database answers. Until then the consumer counts as paused;
    /// what it holds stays unacked, since giving it back would count as a delivery of each message.</summary>
    public async Task WaitUntilItAnswersAsync(ConsumerStatus status, string reason, Reconnect pauses, CancellationToken cancellationToken)
    {
        using var held = status.Hold($"paused: {reason}");
        do
        {
            await pauses.WaitAsync(cancellationToken);
        }
        while (await WhyNotAnsweringAsync(ProbePatience, cancellationToken) is not null);
    }

    private async Task<string?> InspectAsync(NpgsqlConnection connection, TimeSpan patience, CancellationToken cancellationToken)
    {
        // Npgsql cancels nothing while it waits for answers to what it has sent ahead of a command, the reset of a connection from the pool.
        await using var command = new NpgsqlCommand(InboxSql.Inspect, connection) { CommandTimeout = (int)Math.Ceiling(patience.TotalSeconds) };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var fault = reader.GetBoolean(2)
            ? Durability.FaultOf(reader.GetString(0), reader.GetString(1), environment)
                ?? Durability.FaultOf("inbox_message", reader.GetBoolean(3), environment)
            : Unguarded;
        return fault is not null ? throw new UnfitDatabaseException(fault) : reader.GetBoolean(4) ? null : Unmigrated;
    }
}
