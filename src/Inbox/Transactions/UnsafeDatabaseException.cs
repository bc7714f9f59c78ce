namespace Inbox;

/// <summary>The database may lose what it has committed: an effect whose message was acked would be gone.</summary>
internal sealed class UnsafeDatabaseException(string fsync, string synchronousCommit) : Exception(
    $"PostgreSQL runs with fsync={fsync} and synchronous_commit={synchronousCommit}: after a crash, effects of messages that were acked " +
    "would be missing. Turn both on; \"off\" is accepted only in the environment Development.");
