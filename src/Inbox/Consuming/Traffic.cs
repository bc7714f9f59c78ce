namespace Inbox;

/// <summary>What a subscription has been given, and what of it is settled.</summary>
internal sealed class Traffic
{
    private volatile bool _looked;
    private long _received;
    private long _settled;
    private long _receivedAtLastLook;

    /// <summary>Whether a message has arrived that could be taken off the wire, or none for as long as <see cref="IsIdle"/> was not asked.</summary>
    public bool HasLasted => _looked || Interlocked.Read(ref _received) > 0;

    public void Received() => Interlocked.Increment(ref _received);

    public void Settled(int deliveries) => Interlocked.Add(ref _settled, deliveries);

    /// <summary>Whether nothing has arrived since the last call and nothing is being handled.</summary>
    public bool IsIdle()
    {
        _looked = true;
        var received = Interlocked.Read(ref _received);
        var isIdle = received == _receivedAtLastLook && received == Interlocked.Read(ref _settled);
        _receivedAtLastLook = received;
        return isIdle;
    }
}
