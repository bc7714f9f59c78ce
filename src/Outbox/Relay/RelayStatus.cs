namespace Outbox.Relay;

/// <summary>What the relay says of itself to health checks.</summary>
internal sealed class RelayStatus
{
    private volatile string? _databaseFault = "The relay has not reached the database yet.";
    private volatile string? _brokerFault = "The relay has not reached the broker yet.";
    private volatile string? _markingFault;
    private volatile bool _owns;
    private volatile bool _brokerSeen;

    /// <summary>Why the database cannot be used; null while it can.</summary>
    public string? DatabaseFault => _databaseFault;

    /// <summary>Why nothing is published; null while it is. Only the owner knows.</summary>
    public string? BrokerFault => _brokerFault;

    /// <summary>Why what is confirmed cannot be marked, and nothing more is published; null while it can.</summary>
    public string? MarkingFault => _markingFault;

    public bool Owns => _owns;

    /// <summary>Whether the broker has been reached since this relay became owner first.</summary>
    public bool BrokerSeen => _brokerSeen;

    public void DatabaseLost(string reason) => (_databaseFault, _owns) = (reason, false);

    public void StandsBy() => (_databaseFault, _owns) = (null, false);

    public void BecameOwner() => (_databaseFault, _owns) = (null, true);

    public void MarkingFailed(string reason) => _markingFault = reason;

    public void MarkingWorks() => _markingFault = null;

    public void BrokerLost(string reason) => _brokerFault = reason;

    public void BrokerPaused() => _brokerFault = "The broker has asked publishers to pause (memory or disk alarm).";

    public void BrokerWorks()
    {
        if (_brokerFault is not null)
        {
            _brokerFault = null;
            _brokerSeen = true;
        }
    }
}
