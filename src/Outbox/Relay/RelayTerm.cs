using System.Threading.Channels;

namespace Outbox.Relay;

/// <summary>One term of ownership: reading, publishing and marking overlap until the lock is lost, a stage fails, or the
/// service stops.</summary>
internal sealed class RelayTerm(
    OutboxDatabase database, PublishStage publishing, MarkStage marking, TidyStage tidying, OutboxOptions options, TimeProvider clock)
{
    /// <summary>How long a stopping relay waits for confirms that are still out.</summary>
    public static readonly TimeSpan ShutdownBound = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AbortBound = TimeSpan.FromSeconds(5);

    /// <summary>Returns after a shutdown. Nothing is in flight then, and what was confirmed is marked, unless the broker or the database has
    /// not answered for <see cref="ShutdownBound"/>.</summary>
    /// <exception cref="Exception">What ended the term; the table may have another owner already.</exception>
    public async Task RunAsync(OwnerLock owner, CancellationToken stopping)
    {
        using var abort = new CancellationTokenSource();
        StagePulse[] pulses = [new("read", clock), new("publish", clock), new("mark", clock)];
        // From the first moment on: what must be opened yet may take longer than a lease.
        var beat = BeatAsync(owner, pulses, abort.Token);
        try
        {
            await RunStagesAsync(owner, pulses, beat, abort, stopping);
        }
        finally
        {
            await abort.CancelAsync();
            await Task.WhenAny(beat, Task.Delay(AbortBound, clock, CancellationToken.None));
        }
    }

    private async Task RunStagesAsync(OwnerLock owner, StagePulse[] pulses, Task beat, CancellationTokenSource abort, CancellationToken stopping)
    {
        await marking.MarkBacklogAsync(owner, stopping);
        await using var connection = await database.OpenAsync("reader", options.Lease, stopping);
        // Who ends on which. When the service stops, and at the end of the term at the latest:
        //   stopReading  reading and tidying
        //   stopTaking   taking rows for publishing; what is in flight is still waited for
        // At the end of the term alone:
        //   abandon      what is in flight: it counts as unknown
        //   abort        marking, listening and heartbeats
        using var stopReading = CancellationTokenSource.CreateLinkedTokenSource(stopping, abort.Token);
        using var stopTaking = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var abandon = new CancellationTokenSource();
        var settled = Channel.CreateUnbounded<Settlement>(new UnboundedChannelOptions { SingleReader = true });
        var lookahead = new Lookahead(options.BatchSize);
        await using var listener = await WakeUpListener.OpenAsync(
            database, owner.Table, options.Lease, lookahead.Readable.Set, clock, stopping);
        var reader = new PendingReader(connection, owner, lookahead, options.BatchSize, options.Lease, pulses[0], clock);
        var reading = new ReadStage(reader, new RelaySleep(connection, owner.Table, options), lookahead, pulses[0], options, clock);

        options.Commits.Committed += lookahead.Readable.Set;
        var publish = PublishAsync(lookahead, settled.Writer, pulses[1], stopTaking.Token, abandon.Token);
        var mark = marking.RunAsync(settled.Reader, lookahead, owner, pulses[2], abort.Token);
        Task[] stages =
        [
            reading.RunAsync(stopReading.Token), publish, mark, tidying.RunAsync(stopReading.Token),
            listener.RunAsync(abort.Token), beat,
        ];

        var ended = await Task.WhenAny(stages);
        if (stopping.IsCancellationRequested)
        {
            await Task.WhenAny(Task.WhenAll(publish, mark), Task.Delay(ShutdownBound, clock, CancellationToken.None));
        }

        options.Commits.Committed -= lookahead.Readable.Set;
        // First, and apart: cancelling a statement of a silent database takes seconds each, and the next owner may be publishing by then.
        await stopTaking.CancelAsync();
        await abandon.CancelAsync();
        await abort.CancelAsync();
        // A stage that is stuck is left behind. Its connection to the broker is abandoned, what it may still mark was confirmed, and it
        // charges nothing once the lock is gone.
        await Task.WhenAny(Task.WhenAll(stages), Task.Delay(AbortBound, clock, CancellationToken.None));
        if (!stopping.IsCancellationRequested)
        {
            await ended;
        }
    }

    private async Task PublishAsync(
        Lookahead lookahead, ChannelWriter<Settlement> settled, StagePulse pulse, CancellationToken stopTaking, CancellationToken abandon)
    {
        try
        {
            await publishing.RunAsync(lookahead, settled, pulse, stopTaking, abandon);
        }
        catch (OperationCanceledException) when (stopTaking.IsCancellationRequested)
        {
        }
        finally
        {
            settled.Complete();
        }
    }

    /// <summary>Keeps the lease, but only for a pipeline that works: a living heartbeat over a dead one would stop every
    /// relay.</summary>
    private async Task BeatAsync(OwnerLock owner, StagePulse[] pulses, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(options.Lease / 3, clock, cancellationToken);
            if (Array.Find(pulses, pulse => pulse.IsStuck) is { } stuck)
            {
                throw new TimeoutException($"The relay's {stuck.Stage} stage has not moved in its time; the lease is given up.");
            }

            // Npgsql takes seconds to give up a statement of a silent database, and the lease goes on meanwhile.
            await owner.HeartbeatAsync(cancellationToken).WaitAsync(options.Lease / 3, clock, cancellationToken);
        }
    }
}
