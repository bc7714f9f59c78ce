namespace Outbox.Relay;

/// <summary>What the relay says of itself to health checks.</summary>
internal sealed class RelayStatus
{
    private const string NotReached = "The relay has not reached the broker yet.";

    private volatile string? _databaseFault = "The relay has not reached the database yet.";
    private volatile string? _brokerFault = NotReached;
    private volatile string? _markingFault;
    private volatile bool _brokerPaused;
    private volatile bool _owns;
    private volatile bool _brokerSeen;

    /// <summary>Why the database cannot be used; null while it can.</summary>
    public string? DatabaseFault => _databaseFault;

    /// <summary>Why nothing is published; null while it is. Only the owner knows.</summary>
    public string? BrokerFault => _brokerPaused ? "The broker has asked publishers to pause (memory or disk alarm)." : _brokerFault;

    /// <summary>Why what is confirmed cannot be marked, and nothing more is published; null while it can.</summary>
    public string? MarkingFault => _markingFault;

    public bool Owns => _owns;

    /// <summary>Whether the broker has been reached since this relay became owner first.</summary>
    public bool BrokerSeen => _brokerSeen;

    public void DatabaseLost(string reason) => (_databaseFault, _owns) = (reason, false);

    public void StandsBy() => (_databaseFault, _owns) = (null, false);

    /// <summary>What it knew of the broker when it was owner before may be long ago.</summary>
    public void BecameOwner() => (_databaseFault, _brokerFault, _brokerPaused, _owns) = (null, NotReached, false, true);

    public void MarkingFailed(string reason) => _markingFault = reason;

    public void MarkingWorks() => _markingFault = null;

    public void BrokerLost(string reason) => (_brokerFault, _brokerPaused) = (reason, false);

    public void BrokerPaused(bool paused) => _brokerPaused = paused;

    /// <summary>A connection to it is open; whether it takes anything is yet to be seen.</summary>
    public void BrokerReached()
    {
        if (!_brokerSeen || _brokerFault == NotReached)
        {
            _brokerFault = "The broker has confirmed nothing yet.";
            _brokerSeen = true;
        }
    }

    /// <summary>It has said what became of a message, or there is none to be published.</summary>
    public void BrokerWorks() => _brokerFault = null;
}
