namespace Bench.Peers;

/// <summary>Somebody who commits business rows with a message each, and brings the messages to the queue.</summary>
internal interface IContender : IAsyncDisposable
{
    /// <summary>Its process; null for this one.</summary>
    int? ProcessId { get; }

    /// <summary>Commits so many with so many committers; completes when they are committed, wherever their messages are by then.</summary>
    Task CommitAsync(int messages, int committers);

    /// <summary>Messages that are committed and still in its outbox.</summary>
    Task<long> WaitingAsync();
}
