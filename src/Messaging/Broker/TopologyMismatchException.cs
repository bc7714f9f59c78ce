namespace Messaging;

/// <summary>A queue or exchange of the same name exists with other arguments, or the broker does not take one of ours as it is. The service
/// cannot run until an operator has settled which is right: it never deletes or recreates a queue, since that would lose the messages in
/// it.</summary>
internal sealed class TopologyMismatchException(string brokerText, Exception? inner = null)
    : Exception($"{Complaint(brokerText)}: {brokerText}", inner)
{
    private static string Complaint(string brokerText) => brokerText.Contains("inequivalent arg", StringComparison.Ordinal)
        ? "The broker has a queue or exchange of ours with other arguments"
        : "The broker does not take a queue or exchange of ours";
}
