using Microsoft.Extensions.Hosting;

namespace Messaging;

/// <summary>Whether PostgreSQL keeps through a crash what it has committed: rows of an outbox that were acknowledged, effects of messages
/// that were acked.</summary>
public static class Durability
{
    /// <param name="fsync">The server's setting of this name.</param>
    /// <param name="synchronousCommit">The session's setting synchronous_commit.</param>
    /// <param name="environment">Development may lose what it likes.</param>
    /// <returns>Why commits can be lost; null if they cannot.</returns>
    public static string? FaultOf(string fsync, string synchronousCommit, IHostEnvironment environment) =>
        !environment.IsDevelopment() && (fsync == "off" || synchronousCommit == "off")
            ? $"PostgreSQL runs with fsync={fsync} and synchronous_commit={synchronousCommit}: a crash would lose commits that were already "
                + "acknowledged. Outside Development neither may be off."
            : null;

    /// <param name="table">The name of a table that must not lose a row.</param>
    /// <param name="unlogged">Whether it is UNLOGGED.</param>
    /// <param name="environment">Development may lose what it likes.</param>
    /// <returns>Why its rows can be lost; null if they cannot.</returns>
    public static string? FaultOf(string table, bool unlogged, IHostEnvironment environment) =>
        !environment.IsDevelopment() && unlogged
            ? $"The table {table} is UNLOGGED: a crash would empty it. Outside Development it may not be: ALTER TABLE {table} SET LOGGED."
            : null;
}
