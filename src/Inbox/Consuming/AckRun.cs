namespace Inbox;

/// <summary>An ack to send.</summary>
internal readonly record struct Ack(ulong Tag, bool Multiple);

/// <summary>Decides which acks to send. One ack with <c>multiple</c> also acks every lower delivery of the channel, those that
/// another lane has not finished included, and they would be lost: it is used only up to the end of the run in which each
/// delivery is settled.</summary>
internal sealed class AckRun
{
    private readonly SortedSet<ulong> _settled = [];
    private readonly HashSet<ulong> _ackedAhead = [];

    // Tags of a channel begin with 1; an ack of 0 would mean all of them.
    private ulong _next = 1;

    public void Settle(ulong tag) => _settled.Add(tag);

    /// <summary>The acks for everything settled since the last call.</summary>
    public IReadOnlyList<Ack> Take()
    {
        List<Ack> acks = [];
        // The tag of an ack must itself be unacked, or the broker closes the channel: the last settled one of the run.
        if (EndOfRun() is { } last)
        {
            acks.Add(new Ack(last, Multiple: true));
        }

        foreach (var tag in _settled)
        {
            acks.Add(new Ack(tag, Multiple: false));
            _ackedAhead.Add(tag);
        }

        _settled.Clear();
        return acks;
    }

    private ulong? EndOfRun()
    {
        ulong? last = null;
        while (true)
        {
            if (_settled.Remove(_next))
            {
                last = _next;
            }
            else if (!_ackedAhead.Remove(_next))
            {
                return last;
            }

            _next++;
        }
    }
}
