using System.Diagnostics;

namespace PlaceOrders;

/// <summary>Places the orders, waits for their effects, reconciles.</summary>
internal sealed class Run(Arguments arguments, string run)
{
    private const int NotAllGood = 1;
    private const int BadLines = 2;
    private static readonly TimeSpan ProgressPause = TimeSpan.FromMilliseconds(250);

    /// <summary>The exit code: 0 when nothing was lost or doubled and nothing is still to come; 2 when that is so and lines of the file were bad.</summary>
    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var tap = await Tap.OpenAsync(arguments.RabbitMq, arguments.Exchange, cancellationToken);
        await using var ledger = await Ledger.OpenAsync(arguments.Postgres, arguments.Orders.CustomerPrefix, cancellationToken);
        var suppressedBefore = await Suppressed.ReadAsync(arguments.Url, cancellationToken);
        var began = Stopwatch.GetTimestamp();

        var placer = new Placer(arguments.Url, arguments.Orders, run);
        await PlaceAsync(placer, ledger, cancellationToken);
        await ReportRefusedAsync(placer);

        var effects = new ProgressBar("orders with all their effects", placer.Placed.Count);
        var reckoning = await new Effects(ledger, tap).WaitAsync(tally => effects.Show(tally.Complete), cancellationToken);
        effects.Close();

        var suppressed = await Suppressed.ReadAsync(arguments.Url, cancellationToken) - suppressedBefore;
        var report = new Report(reckoning.Tally, suppressed, Stopwatch.GetElapsedTime(began, reckoning.CompleteAt));
        foreach (var complaint in reckoning.Complaints())
        {
            await Console.Error.WriteLineAsync(complaint);
        }

        Console.WriteLine(report.Table());
        Console.WriteLine(report.Line());
        return ExitCode(reckoning, placer.Unanswered.Count, placer.Refused.Count, arguments.Orders.MayBeBad);
    }

    private async Task PlaceAsync(Placer placer, Ledger ledger, CancellationToken cancellationToken)
    {
        var bar = new ProgressBar("orders placed", arguments.Orders.Count);
        var placing = placer.PlaceAllAsync(cancellationToken);
        while (!placing.IsCompleted)
        {
            bar.Show(placer.Handled);
            // Without the token: after an interruption this would not wait at all until the requests under way have ended.
            await Task.WhenAny(placing, Task.Delay(ProgressPause, CancellationToken.None));
        }

        await placing;
        bar.Show(placer.Handled);
        bar.Close();
        await ledger.AddAsync(placer.Placed, cancellationToken);
    }

    private async Task ReportRefusedAsync(Placer placer)
    {
        foreach (var (number, reason) in placer.Refused.Concat(placer.Unanswered).OrderBy(refused => refused.Key))
        {
            await Console.Error.WriteLineAsync($"{arguments.Orders.Unit} {number}: {reason}");
        }
    }

    internal static int ExitCode(Reckoning reckoning, int unanswered, int refused, bool mayBeBad) =>
        !reckoning.IsGood || unanswered > 0 ? NotAllGood
        : refused == 0 ? 0
        : mayBeBad ? BadLines
        : NotAllGood;
}
