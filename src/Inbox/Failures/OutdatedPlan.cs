using Npgsql;

namespace Inbox;

/// <summary>A statement was prepared on a connection before a column changed its type: PostgreSQL refuses it once on each such connection,
/// whatever the message is.</summary>
internal static class OutdatedPlan
{
    // The code alone says that something is not supported.
    private const string Routine = "RevalidateCachedQuery";

    public static bool IsBehind(Exception exception) =>
        Causes.Of(exception).Any(cause => cause is PostgresException { SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: Routine });
}
