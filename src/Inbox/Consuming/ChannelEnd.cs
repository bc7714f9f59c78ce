using RabbitMQ.Client;

namespace Inbox;

/// <summary>Ends a channel on which deliveries were acked.</summary>
internal static class ChannelEnd
{
    /// <summary>Waits for the broker's answer, so that the acks before it have arrived; the client's own patience, 10 s, is not shortened by
    /// a token.</summary>
    public static async Task CloseAsync(IChannel channel, TimeSpan patience, TimeProvider clock)
    {
        try
        {
            await channel.CloseAsync(Constants.ReplySuccess, "done", abort: false, CancellationToken.None).WaitAsync(patience, clock);
            await channel.DisposeAsync();
        }
        catch (Exception)
        {
            // A channel that is gone already has nothing left to settle, and one that is not answered ends with its connection.
        }
    }
}
