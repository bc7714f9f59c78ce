using System.Diagnostics;

namespace PlaceOrders;

/// <summary>Waits until every order has had all its effects, or until nothing moves any more.</summary>
internal sealed class Effects(Ledger ledger, Tap tap)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SettlePause = TimeSpan.FromMilliseconds(500);

    // Longer than the first retry waits, 2 s unless set: what a consumer had in hand is acked by then, or waits in a queue.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    // The waits of the retry queues, in milliseconds, unless Inbox__Retry is set; a queue that is not there holds nothing.
    private static readonly int[] RetryWaits = [2_000, 4_000, 8_000, 16_000, 32_000];
    private static readonly IReadOnlyList<string> Queues =
        [.. new[] { "orders.fulfilment", "orders.notifications" }.SelectMany(queue => RetryWaits.Select(wait => $"{queue}.retry.{wait}").Prepend(queue))];

    public async Task<Reckoning> WaitAsync(Action<Tally> report, CancellationToken cancellationToken)
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
                var (settled, open) = await SettleAsync(tally, cancellationToken);
                return new Reckoning(settled, movedAt, open);
            }

            // The counting itself must not become the load.
            var took = Stopwatch.GetElapsedTime(before);
            await Task.Delay(took * 3 > ShortestPause ? took * 3 : ShortestPause, cancellationToken);
        }

        return new Reckoning(last, movedAt, last.Missing());
    }

    // An effect that comes twice may come late: for a while the queues must be empty, and every count the same.
    private async Task<(Tally Tally, string? Open)> SettleAsync(Tally tally, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var quietSince = began;
        while (true)
        {
            var waiting = await WaitingAsync(cancellationToken);
            var again = await ledger.CountAsync(tap, cancellationToken);
            if (again != tally || waiting is not null)
            {
                tally = again;
                quietSince = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetElapsedTime(quietSince) > Quiet)
            {
                return (tally, tally.Missing());
            }

            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                return (tally, waiting ?? tally.Missing() ?? $"the effects still changed {Patience.TotalSeconds:0} s after they were complete");
            }

            await Task.Delay(SettlePause, cancellationToken);
        }
    }

    private async Task<string?> WaitingAsync(CancellationToken cancellationToken)
    {
        foreach (var queue in Queues)
        {
            if (await tap.WaitingAsync(queue, cancellationToken) is > 0 and var waiting)
            {
                return $"{waiting} messages wait in {queue}";
            }
        }

        return null;
    }
}
