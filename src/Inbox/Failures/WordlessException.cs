namespace Inbox;

/// <summary>Stands in a log for an exception over which the log has failed.</summary>
internal sealed class WordlessException(Exception meant)
    : Exception($"{meant.GetType().FullName}, which could not be put into words.");
