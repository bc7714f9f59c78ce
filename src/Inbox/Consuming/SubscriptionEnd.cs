namespace Inbox;

/// <summary>Why a subscription has ended.</summary>
internal enum SubscriptionEnd
{
    /// <summary>The service stops.</summary>
    Stopped,

    /// <summary>The channel, the connection or the queue is gone, or nothing arrives any more.</summary>
    Lost,

    /// <summary>Taken one by one, messages do no harm: go on with all of them at once.</summary>
    Widen,

    /// <summary>A message has been delivered several times without having been settled, so it may be one that kills the process:
    /// go on one by one.</summary>
    Narrow,

    /// <summary>Nothing arrives, most likely since another consumer of the queue is busy: go on as before, to be sure.</summary>
    Renew,
}
