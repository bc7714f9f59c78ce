namespace Inbox;

/// <summary>The broker ends the channel over the copy, as over a message that is longer than it allows by now. Nothing was published, and
/// never will be.</summary>
internal sealed class CopyRefusedException(string reason) : Exception(reason);
