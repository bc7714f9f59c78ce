namespace Messaging;

/// <summary>A queue or exchange of the same name exists with other arguments. The service cannot run until an operator has
/// settled which is right: it never deletes or recreates a queue, since that would lose the messages in it.</summary>
internal sealed class TopologyMismatchException(string brokerText, Exception? inner = null)
    : Exception($"The broker has a queue or exchange of ours with other arguments: {brokerText}", inner);
