namespace Inbox;

/// <summary>The database may lose what it has committed, or keep no handler from committing: effects whose messages were acked would be
/// missing.</summary>
internal sealed class UnfitDatabaseException(string fault) : Exception(fault);
