namespace Messaging;

/// <summary>The waits between tries to reach a server: a quarter of a second, then doubling up to a cap. A long cap would
/// spare the server nothing that counts, and cost as much time again once it is back.</summary>
/// <param name="clock">Lets the waits pass.</param>
/// <param name="cap">The longest wait; 1 s unless given.</param>
internal sealed class Reconnect(TimeProvider clock, TimeSpan? cap = null)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);

    private readonly TimeSpan _cap = cap ?? TimeSpan.FromSeconds(1);
    private int _failures;

    /// <summary>Waits before the next try; longer with each call since the last <see cref="Succeeded"/>.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) =>
        Task.Delay(Backoff.WithJitter(Backoff.After(++_failures, First, _cap)), clock, cancellationToken);

    /// <summary>The server answered and did what was asked of it: the next failure starts from the shortest wait.</summary>
    public void Succeeded() => _failures = 0;
}
