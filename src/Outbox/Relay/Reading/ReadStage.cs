namespace Outbox.Relay;

/// <summary>Decides when to read: at once while there is more, when there is room again, and otherwise when woken.</summary>
internal sealed class ReadStage(PendingReader reader, RelaySleep sleep, Lookahead lookahead, StagePulse pulse, OutboxOptions options, TimeProvider clock)
{
    // How soon to look again while some producer is open that will not notify: most commit within a moment, and one that
    // stays open is not worth a look each millisecond.
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LastPoll = TimeSpan.FromMilliseconds(25);

    // Two reads one after another that find something, without a wait between them: producers are faster than the reader, and each of
    // their commits pays for a notification while it sleeps.
    private const int AwakeAfter = 2;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadOnAsync(cancellationToken);
        }
        finally
        {
            // It is not stuck: at a shutdown the lease is kept as long as confirms are awaited.
            pulse.Idle();
        }
    }

    private async Task ReadOnAsync(CancellationToken cancellationToken)
    {
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

            if (await reader.ReadAsync(cancellationToken) != PageFound.Nothing)
            {
                poll = FirstPoll;
                continue;
            }

            pulse.Busy(options.Lease);
            if (lookahead.WantsLines() || !await sleep.TryFallAsleepAsync(cancellationToken))
            {
                await lookahead.Readable.WaitAsync(poll, clock, cancellationToken);
                poll = poll * 2 < LastPoll ? poll * 2 : LastPoll;
                continue;
            }

            await SleepAsync(cancellationToken);
            pulse.Busy(options.Lease);
            await sleep.WakeUpAsync(cancellationToken);
            poll = FirstPoll;
        }
    }

    /// <summary>Returns when there is more to do than a few messages now and then: for those, waking up by the book and falling
    /// asleep again would be more work than they are. Asleep, whoever commits after a read has begun notifies: it need not be followed by
    /// another to see that there is no more.</summary>
    private async Task SleepAsync(CancellationToken cancellationToken)
    {
        for (var found = 0; found < AwakeAfter && lookahead.HasRoom() && !lookahead.WantsLines();)
        {
            var page = await reader.ReadAsync(cancellationToken);
            found = page == PageFound.Nothing ? 0 : found + 1;
            if (page == PageFound.PartOfMore)
            {
                continue;
            }

            pulse.Idle();
            var waits = lookahead.Readable.WaitAsync(reader.UntilDue(options.PollInterval), clock, cancellationToken);
            found = await waits ? found : 0;
        }
    }
}
