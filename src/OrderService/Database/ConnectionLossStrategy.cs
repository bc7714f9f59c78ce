using Microsoft.EntityFrameworkCore;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL;

namespace OrderService.Database;

/// <summary>Runs a unit of work again, up to twice, when PostgreSQL or the way to it failed and not the unit itself.</summary>
internal sealed class ConnectionLossStrategy(DbContext db)
    : NpgsqlRetryingExecutionStrategy(db, maxRetryCount: 2, maxRetryDelay: TimeSpan.FromMilliseconds(250), errorCodesToAdd: Goodbyes)
{
    // What a server says to its clients when it ends, in a fail-over for example.
    private static readonly string[] Goodbyes = [PostgresErrorCodes.AdminShutdown, PostgresErrorCodes.CrashShutdown];

    /// <summary>Whether Npgsql stumbled over the loss of a connection itself: when a session ends just as a command is sent, its
    /// reader may be gone before it has read why (NpgsqlDataReader.NextResult, 10.0.3).</summary>
    public static bool IsHiddenLoss(Exception? exception) => exception is NullReferenceException { Source: nameof(Npgsql) };

    protected override bool ShouldRetryOn(Exception? exception)
    {
        var cause = CauseOf(exception);
        return IsHiddenLoss(cause) || OutdatedPlan.Is(cause) || base.ShouldRetryOn(cause);
    }

    protected override void OnRetry()
    {
        if (OutdatedPlan.Is(CauseOf(ExceptionsEncountered[^1])))
        {
            // Or the next run would meet another connection that has it.
            NpgsqlConnection.ClearPool((NpgsqlConnection)Dependencies.CurrentContext.Context.Database.GetDbConnection());
        }

        base.OnRetry();
    }

    // The commit of a lost connection may win after the unit was asked whether it has: the next run waits for it, and then meets
    // the rows that it has committed.
    protected override bool ShouldVerifySuccessOn(Exception exception) =>
        base.ShouldVerifySuccessOn(exception) || CauseOf(exception) is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    // The context's own strategy, which does not retry, wraps such failures of single commands in a hint to use another one.
    private static Exception? CauseOf(Exception? exception) =>
        exception is InvalidOperationException or DbUpdateException && exception.InnerException is { } cause
            ? CauseOf(cause)
            : exception;
}
