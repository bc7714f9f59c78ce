namespace Outbox.Relay;

/// <summary>Decides when to read: at once while there is more, when there is room again, and otherwise when woken.</summary>
internal sealed class ReadStage(PendingReader reader, RelaySleep sleep, Lookahead lookahead, StagePulse pulse, OutboxOptions options, TimeProvider clock)
{
    // How soon to look again while some producer is open that will not notify: most commit within a moment, and one that
    // stays open is not worth a look each millisecond.
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LastPoll = TimeSpan.FromMilliseconds(25);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        pulse.Busy(options.Lease);
        await sleep.ListenAsync(cancellationToken);
        await reader.BeginAsync(cancellationToken);
        var poll = FirstPoll;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!lookahead.HasRoom())
            {
                pulse.Idle();
                await lookahead.Readable.WaitAsync(cancellationToken);
                continue;
            }

            pulse.Busy(options.Lease);
            if (await reader.ReadAsync(cancellationToken))
            {
                poll = FirstPoll;
                continue;
            }

            if (lookahead.HasEvicted() || !await sleep.TryFallAsleepAsync(cancellationToken))
            {
                await WaitReadableAsync(poll, cancellationToken);
                poll = poll * 2 < LastPoll ? poll * 2 : LastPoll;
                continue;
            }

            await SleepAsync(cancellationToken);
            pulse.Busy(options.Lease);
            await sleep.WakeUpAsync(cancellationToken);
            poll = FirstPoll;
        }
    }

    /// <summary>Returns when something was found. What woke it is read first: waking up by the book can wait for that.</summary>
    private async Task SleepAsync(CancellationToken cancellationToken)
    {
        while (!await reader.ReadAsync(cancellationToken))
        {
            pulse.Idle();
            using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var readable = lookahead.Readable.WaitAsync(woken.Token);
            var wait = sleep.WaitAsync(lookahead.DueTimes.Next(options.PollInterval), woken.Token);
            await Task.WhenAny(readable, wait);
            await woken.CancelAsync();
            await wait;
            pulse.Busy(options.Lease);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task WaitReadableAsync(TimeSpan bound, CancellationToken cancellationToken)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var readable = lookahead.Readable.WaitAsync(woken.Token);
        await Task.WhenAny(readable, Task.Delay(bound, clock, woken.Token));
        await woken.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
