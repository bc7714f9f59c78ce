namespace Messaging;

internal enum PublishResult
{
    /// <summary>The broker has taken responsibility for the message in every bound queue.</summary>
    Confirmed,

    /// <summary>The broker has said no: a nack, or a return because no queue is bound. Or the client itself has.</summary>
    Rejected,

    /// <summary>Nothing was heard in time, or the channel or connection ended first. The message may have been published.</summary>
    Unknown,
}
