namespace Inbox;

/// <summary>The database may lose what it has committed: an effect whose message was acked would be gone.</summary>
internal sealed class UnsafeDatabaseException(string fault) : Exception(fault);
