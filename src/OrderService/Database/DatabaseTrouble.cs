using Microsoft.AspNetCore.Diagnostics;
using Npgsql;
using OrderService.Http;

namespace OrderService.Database;

/// <summary>Answers a request that failed because of the database, and not because of itself, with 503. All other failures
/// are bugs and stay 500.</summary>
internal sealed partial class DatabaseTrouble(NpgsqlDataSource database, ILogger<DatabaseTrouble> logger) : IExceptionHandler
{
    // Classes of SQLSTATE: connection, authorization, transaction rollback (deadlock), resources, operator, system.
    private static readonly string[] Classes = ["08", "28", "40", "53", "57", "58"];

    // Lock not available, read-only after a fail-over, no such database, and no such table: not migrated yet.
    private static readonly string[] States =
    [
        PostgresErrorCodes.LockNotAvailable, PostgresErrorCodes.ReadOnlySqlTransaction,
        PostgresErrorCodes.InvalidCatalogName, PostgresErrorCodes.UndefinedTable,
    ];

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (Find(exception) is not { } trouble)
        {
            return false;
        }

        if (OutdatedPlan.Is(trouble))
        {
            // Or whoever comes again would meet the other connections that have it.
            database.Clear();
        }

        LogTrouble(httpContext.Request.Method, httpContext.Request.Path, trouble.Message);
        await ComeAgain.WriteAsync(httpContext);
        return true;
    }

    // EF Core wraps what the provider throws, once or several times.
    private static Exception? Find(Exception? exception) => exception switch
    {
        null => null,
        PostgresException postgres =>
            Classes.Contains(postgres.SqlState[..2]) || States.Contains(postgres.SqlState) || OutdatedPlan.Is(postgres) ? postgres : null,
        NpgsqlException or TimeoutException => exception,
        _ when ConnectionLossStrategy.IsHiddenLoss(exception) => exception,
        _ => Find(exception.InnerException),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} was answered with 503: {Reason}")]
    private partial void LogTrouble(string method, string path, string reason);
}
