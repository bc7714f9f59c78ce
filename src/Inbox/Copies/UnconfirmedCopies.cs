namespace Inbox;

/// <summary>Deliveries whose copy for a retry or dead-letter queue is on its way. The lane goes on meanwhile: a broker that takes no copies,
/// in an alarm over the memory that its backlog takes up, would otherwise never be rid of the backlog.</summary>
/// <param name="most">So many may be on their way while the lane goes on. Each takes up room of the prefetch.</param>
/// <param name="settle">Called with a delivery whose copy is confirmed.</param>
/// <param name="onFailure">Called when a copy has failed for good, with what made it fail: its delivery stays unacked.</param>
internal sealed class UnconfirmedCopies(int most, Action<IReadOnlyList<Delivery>> settle, Action<Exception> onFailure)
{
    private readonly List<Task> _copies = [];

    /// <summary>Takes a delivery in. Completes when no more are on their way than may be.</summary>
    /// <param name="delivery">Settled when <paramref name="copy"/> succeeds; left unacked when it is cancelled.</param>
    /// <param name="copy">Completes when the broker has confirmed the copy.</param>
    public async Task AddAsync(Delivery delivery, Task copy)
    {
        _copies.Add(SettleAsync(delivery, copy));
        _copies.RemoveAll(settling => settling.IsCompletedSuccessfully);
        while (_copies.Count > most && !_copies.Exists(settling => settling.IsFaulted))
        {
            await Task.WhenAny(_copies);
            _copies.RemoveAll(settling => settling.IsCompletedSuccessfully);
        }
    }

    /// <summary>Completes when none is on its way any more, also where some have failed.</summary>
    public async Task EndAsync() => await Task.WhenAll(_copies).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task SettleAsync(Delivery delivery, Task copy)
    {
        try
        {
            await copy;
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception exception)
        {
            onFailure(exception);
            throw;
        }

        settle([delivery]);
    }
}
