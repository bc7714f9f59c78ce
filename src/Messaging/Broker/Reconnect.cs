namespace Messaging;

/// <summary>The waits between tries to reach a server: a quarter of a second, then doubling up to one. A longer cap would spare
/// the server nothing that counts, and cost as much time again once it is back.</summary>
internal sealed class Reconnect(TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Cap = TimeSpan.FromSeconds(1);

    private int _failures;

    /// <summary>Waits before the next try; longer with each call since the last <see cref="Succeeded"/>.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) =>
        Task.Delay(Backoff.WithJitter(Backoff.After(++_failures, First, Cap)), clock, cancellationToken);

    /// <summary>The server answered and did what was asked of it: the next failure starts from the shortest wait.</summary>
    public void Succeeded() => _failures = 0;
}
