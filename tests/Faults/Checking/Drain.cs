using System.Diagnostics;
using Npgsql;

namespace Faults;

/// <summary>Waits until nothing is left to do after a case has healed.</summary>
internal sealed class Drain(Arena arena)
{
    // Every row has been sent or parked, and what was sent was handled by its consumer.
    private const string LeftToDo =
        $"""
        SELECT count(*)
        FROM outbox_message AS message
        LEFT JOIN inbox_message AS handled ON handled.message_id = message.message_id
            AND handled.consumer = CASE WHEN message.routing_key IN ('orders.order-placed.v1', 'orders.order-cancelled.v1')
                THEN '{Queues.Fulfilment}' ELSE '{Queues.Notifications}' END
        WHERE message.id > @since AND message.parked_at IS NULL AND (message.sent_at IS NULL OR handled.message_id IS NULL)
        """;

    // The broker's figures of a queue at rest are up to five seconds old: what a consumer has in hand may be missing from one look.
    private static readonly TimeSpan FiguresAge = TimeSpan.FromSeconds(6);

    private const string LeftToHandle = LeftToDo + " AND message.sent_at IS NOT NULL";

    /// <param name="since">Where the tables stood.</param>
    /// <param name="healed">Runs since the case was healed.</param>
    /// <param name="deadline">How long after that something may be left.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How long after healing nothing was left; null when something was.</returns>
    public async Task<TimeSpan?> WaitAsync(Baseline since, Stopwatch healed, TimeSpan deadline, CancellationToken cancellationToken)
    {
        if (!await Poll.UntilAsync(async () => !await IsLeftAsync(since, cancellationToken), deadline - healed.Elapsed, cancellationToken))
        {
            return null;
        }

        return healed.Elapsed;
    }

    /// <summary>Waits until whatever comes twice has come too: the queues must be empty, and the tap read to its end; where something is
    /// known to have come twice, or a consumer has died with what it had in hand, for longer than the broker's figures are old. To be
    /// called when nothing is left.</summary>
    /// <param name="since">Where the tables stood.</param>
    /// <param name="consumersDied">Whether consumers have ended meanwhile.</param>
    /// <param name="deadline">How long that may take.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Which queues still hold how many messages then, or what the tap has not seen; null when all is settled.</returns>
    public async Task<string?> SettleAsync(Baseline since, bool consumersDied, TimeSpan deadline, CancellationToken cancellationToken)
    {
        string? open = null;
        var settled = await Poll.UntilAsync(
            async () =>
            {
                open = await TellOpenAsync(since, cancellationToken);
                if (open is null && (consumersDied || arena.Tap.HasSeenMore))
                {
                    await Task.Delay(FiguresAge, cancellationToken);
                    open = await TellOpenAsync(since, cancellationToken);
                }

                return open is null;
            },
            deadline,
            cancellationToken);
        return settled ? null : open;
    }

    /// <summary>What is left, for whoever has to find out why: rows, and what the queues hold.</summary>
    public async Task<string> TellLeftAsync(Baseline since, CancellationToken cancellationToken)
    {
        var left = await arena.Database.ScalarAsync<long>(LeftToDo, cancellationToken, ("since", since.Outbox));
        var toHandle = await arena.Database.ScalarAsync<long>(LeftToHandle, cancellationToken, ("since", since.Outbox));
        var held = await arena.Broker.HeldAsync(cancellationToken);
        return $"{left - toHandle} rows to send, {toHandle} to handle; in queues: {(held.Count == 0 ? "nothing" : string.Join(", ", held))}";
    }

    /// <summary>Whether all that was confirmed and marked since has been handled; asked of the tables, since the broker's figures
    /// are seconds old and leave out what is on its way from one queue to another.</summary>
    public async Task<bool> HasHandledWhatWasSentAsync(Baseline since, CancellationToken cancellationToken) =>
        await arena.Database.ScalarAsync<long>(LeftToHandle, cancellationToken, ("since", since.Outbox)) == 0;

    private async Task<string?> TellOpenAsync(Baseline since, CancellationToken cancellationToken)
    {
        if (await arena.Broker.HeldAsync(cancellationToken) is { Count: > 0 } held)
        {
            return $"in queues: {string.Join(", ", held)}";
        }

        return arena.Tap.HasSeen(await SentAsync(since, cancellationToken)) ? null : "messages that were sent are not at the tap";
    }

    private async Task<bool> IsLeftAsync(Baseline since, CancellationToken cancellationToken)
    {
        try
        {
            return await arena.Database.ScalarAsync<long>(LeftToDo, cancellationToken, ("since", since.Outbox)) > 0;
        }
        catch (NpgsqlException)
        {
            // It may still be coming back.
            return true;
        }
    }

    private async Task<Guid[]> SentAsync(Baseline since, CancellationToken cancellationToken) => await arena.Database.ScalarAsync<Guid[]>(
        "SELECT coalesce(array_agg(message_id), '{}') FROM outbox_message WHERE id > @since AND sent_at IS NOT NULL", cancellationToken, ("since", since.Outbox)) ?? [];
}
