namespace Inbox;

/// <summary>Decides which acks to send. One ack with <c>multiple</c> also acks every lower delivery of the channel, those that
/// another lane has not finished included, and they would be lost: it is used only up to the end of the run in which each
/// delivery is settled.</summary>
/// <param name="most">How many deliveries may wait for a lower one that is still being handled. Waiting costs nothing, while
/// an ack for each costs the broker more than the message; but what waits takes up room of the prefetch.</param>
internal sealed class AckRun(int most)
{
    private readonly SortedSet<ulong> _settled = [];
    private readonly List<ulong> _rejected = [];

    // Those below the highest that has been seen. What has been acked stands in neither set, so none outgrows the prefetch.
    private readonly SortedSet<ulong> _unsettled = [];

    // Tags of a channel begin with 1; an ack of 0 would mean all of them.
    private ulong _highest;

    public void Settle(ulong tag)
    {
        See(tag);
        _settled.Add(tag);
    }

    /// <summary>The broker is to make a dead letter of it.</summary>
    public void Reject(ulong tag)
    {
        See(tag);
        _rejected.Add(tag);
    }

    /// <summary>The acks that are worth sending now, in this order.</summary>
    public IReadOnlyList<Ack> Take() => Take(most);

    /// <summary>The acks for everything settled, in this order.</summary>
    public IReadOnlyList<Ack> TakeAll() => Take(mayWait: 0);

    private List<Ack> Take(int mayWait)
    {
        // First, or an ack that passes one would ack it.
        List<Ack> acks = [.. _rejected.Select(tag => new Ack(tag, Multiple: false, Deliveries: 1, Rejects: true))];
        _rejected.Clear();

        var run = _settled.TakeWhile(tag => _unsettled.Count == 0 || tag < _unsettled.Min).ToList();
        if (run.Count > 0)
        {
            // The tag of an ack must itself be unacked, or the broker closes the channel: the last settled one of the run.
            acks.Add(new Ack(run[^1], Multiple: true, run.Count));
            _settled.ExceptWith(run);
        }

        if (_settled.Count > mayWait)
        {
            acks.AddRange(_settled.Select(tag => new Ack(tag, Multiple: false, Deliveries: 1)));
            _settled.Clear();
        }

        return acks;
    }

    private void See(ulong tag)
    {
        _unsettled.Remove(tag);
        while (_highest < tag)
        {
            if (++_highest < tag)
            {
                _unsettled.Add(_highest);
            }
        }
    }
}
