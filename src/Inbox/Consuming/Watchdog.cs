using RabbitMQ.Client;

namespace Inbox;

/// <summary>Notices a subscription that looks open but receives nothing while its queue holds messages, or of which the queue
/// knows nothing: brokers have been seen to forget a consumer without saying so, and to delete a queue without telling its
/// consumers, who then miss the one that is declared in its place.</summary>
internal sealed class Watchdog(TimeSpan interval, TimeProvider clock)
{
    // One look could fall into the moment between the arrival of a message and its delivery.
    private const int Strikes = 2;

    /// <summary>Completes when the subscription is of no use any more, by the looks of it.</summary>
    /// <param name="connection">The subscription's connection; each look takes a channel of its own.</param>
    /// <param name="queue">The queue's name.</param>
    /// <param name="isIdle">Whether nothing has arrived since the last call and nothing is being handled.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async Task<Silence> WatchAsync(IConnection connection, string queue, Func<bool> isIdle, CancellationToken cancellationToken)
    {
        var strikes = 0;
        while (true)
        {
            await Task.Delay(interval, clock, cancellationToken);
            if (!isIdle())
            {
                strikes = 0;
                continue;
            }

            try
            {
                await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
                var seen = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
                if (seen.ConsumerCount == 0)
                {
                    return new Silence("the queue has no consumer");
                }

                strikes = seen.MessageCount > 0 ? strikes + 1 : 0;
                if (strikes >= Strikes)
                {
                    return new Silence("nothing arrives though the queue holds messages", MayStandBy: true);
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                return new Silence($"the broker does not say what the queue holds ({exception.GetType().Name})");
            }
        }
    }
}
