using RabbitMQ.Client;

namespace Inbox;

/// <summary>Ends a channel on which deliveries were acked.</summary>
internal static class ChannelEnd
{
    /// <summary>Waits for the broker's answer, so that the acks before it have arrived.</summary>
    public static async Task CloseAsync(IChannel channel, TimeSpan patience, TimeProvider clock)
    {
        try
        {
            using var deadline = new CancellationTokenSource(patience, clock);
            await channel.CloseAsync(Constants.ReplySuccess, "done", abort: false, deadline.Token);
            await channel.DisposeAsync();
        }
        catch (Exception)
        {
            // A channel that is gone already has nothing left to settle.
        }
    }
}
