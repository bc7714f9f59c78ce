using Npgsql;

namespace OrderService.Database;

/// <summary>A statement was prepared on a connection before a column changed its type, as in an upgrade while the service runs: PostgreSQL
/// refuses it once on each such connection.</summary>
internal static class OutdatedPlan
{
    // The code alone says that something is not supported.
    private const string Routine = "RevalidateCachedQuery";

    public static bool Is(Exception? exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: Routine };
}
