namespace Messaging;

/// <summary>One publish, from handing it to the client until its fate is known.</summary>
internal sealed class Flight
{
    private readonly TaskCompletionSource<PublishOutcome> _outcome = new();

    public Flight(long startedAt)
    {
        StartedAt = startedAt;
        Node = new LinkedListNode<Flight>(this);
    }

    public long StartedAt { get; }

    /// <summary>Its place among the others.</summary>
    public LinkedListNode<Flight> Node { get; }

    public Task<PublishOutcome> Outcome => _outcome.Task;

    /// <summary>Whoever awaits the outcome goes on here and now.</summary>
    public void End(PublishOutcome outcome) => _outcome.TrySetResult(outcome);
}
