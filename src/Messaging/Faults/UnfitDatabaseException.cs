namespace Messaging;

/// <summary>The database answers, but the guarantees cannot be kept on it. An operator must change it.</summary>
internal sealed class UnfitDatabaseException(string fault) : Exception(fault);
