namespace Inbox;

/// <summary>An ack to send, of so many deliveries.</summary>
internal readonly record struct Ack(ulong Tag, bool Multiple, int Deliveries);

/// <summary>Decides which acks to send. One ack with <c>multiple</c> also acks every lower delivery of the channel, those that
/// another lane has not finished included, and they would be lost: it is used only up to the end of the run in which each
/// delivery is settled.</summary>
/// <param name="most">How many deliveries may wait for a lower one that is still being handled. Waiting costs nothing, while
/// an ack for each costs the broker more than the message; but what waits takes up room of the prefetch.</param>
internal sealed class AckRun(int most)
{
    private readonly HashSet<ulong> _settled = [];
    private readonly HashSet<ulong> _ackedAhead = [];

    // Tags of a channel begin with 1; an ack of 0 would mean all of them.
    private ulong _next = 1;

    public void Settle(ulong tag) => _settled.Add(tag);

    /// <summary>The acks that are worth sending now.</summary>
    public IReadOnlyList<Ack> Take() => Take(most);

    /// <summary>The acks for everything settled.</summary>
    public IReadOnlyList<Ack> TakeAll() => Take(mayWait: 0);

    private List<Ack> Take(int mayWait)
    {
        List<Ack> acks = [];
        // The tag of an ack must itself be unacked, or the broker closes the channel: the last settled one of the run.
        if (EndOfRun() is { Deliveries: > 0 } run)
        {
            acks.Add(new Ack(run.Last, Multiple: true, run.Deliveries));
        }

        if (_settled.Count > mayWait)
        {
            acks.AddRange(_settled.Order().Select(tag => new Ack(tag, Multiple: false, Deliveries: 1)));
            _ackedAhead.UnionWith(_settled);
            _settled.Clear();
        }

        return acks;
    }

    private (ulong Last, int Deliveries) EndOfRun()
    {
        var (last, deliveries) = (0UL, 0);
        while (true)
        {
            if (_settled.Remove(_next))
            {
                (last, deliveries) = (_next, deliveries + 1);
            }
            else if (!_ackedAhead.Remove(_next))
            {
                return (last, deliveries);
            }

            _next++;
        }
    }
}
