namespace Messaging;

internal enum PublishResult
{
    // First: what nobody has filled in must not count as confirmed.
    /// <summary>Nothing was heard in time, or the channel or connection ended first. The message may have been published.</summary>
    Unknown,

    /// <summary>The broker has taken responsibility for the message in every bound queue.</summary>
    Confirmed,

    /// <summary>The broker has said no: a nack, or a return because no queue is bound. Or the client itself has.</summary>
    Rejected,
}
