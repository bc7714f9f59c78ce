using System.Diagnostics;

namespace PlaceOrders;

/// <summary>Waits until every order has had all its effects, or until nothing moves any more.</summary>
internal sealed class Effects(Ledger ledger, Tap tap)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SettlePause = TimeSpan.FromSeconds(1);
    private static readonly string[] Queues = ["orders.fulfilment", "orders.notifications"];

    /// <summary>The last count, and when the effects were first complete (or last moved).</summary>
    public async Task<(Tally Tally, long CompleteAt)> WaitAsync(Action<Tally> report, CancellationToken cancellationToken)
    {
        var last = new Tally();
        var movedAt = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(movedAt) < Patience)
        {
            var before = Stopwatch.GetTimestamp();
            tap.ThrowIfLost();
            var tally = await ledger.CountAsync(tap, cancellationToken);
            report(tally);
            if (tally != last)
            {
                last = tally;
                movedAt = Stopwatch.GetTimestamp();
            }

            if (tally.IsComplete)
            {
                return (await SettleAsync(tally, cancellationToken), movedAt);
            }

            // The counting itself must not become the load.
            var took = Stopwatch.GetElapsedTime(before);
            await Task.Delay(took * 3 > ShortestPause ? took * 3 : ShortestPause, cancellationToken);
        }

        return (last, movedAt);
    }

    // An effect that comes twice may come late: the queues must be empty, and two looks in a row the same.
    private async Task<Tally> SettleAsync(Tally tally, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var waiting = 0u;
            foreach (var queue in Queues)
            {
                waiting += await tap.WaitingAsync(queue, cancellationToken);
            }

            await Task.Delay(SettlePause, cancellationToken);
            var again = await ledger.CountAsync(tap, cancellationToken);
            if ((again == tally && waiting == 0) || Stopwatch.GetElapsedTime(began) > Patience)
            {
                return again;
            }

            tally = again;
        }
    }
}
