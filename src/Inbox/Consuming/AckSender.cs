using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>The only one who acks on a channel. A delivery is settled when its effect is committed or its copy is confirmed,
/// never before.</summary>
internal sealed partial class AckSender(IChannel channel, QueueDefinition queue, InboxMetrics metrics, ILogger logger)
{
    private readonly Channel<ulong> _settled = Channel.CreateUnbounded<ulong>(new UnboundedChannelOptions { SingleReader = true });
    private readonly AckRun _run = new();

    public void Settle(Delivery delivery) => _settled.Writer.TryWrite(delivery.Tag);

    /// <summary>After this, <see cref="RunAsync"/> ends when the last ack is sent.</summary>
    public void Complete() => _settled.Writer.TryComplete();

    public async Task RunAsync()
    {
        while (await _settled.Reader.WaitToReadAsync())
        {
            while (_settled.Reader.TryRead(out var tag))
            {
                _run.Settle(tag);
            }

            foreach (var ack in _run.Take())
            {
                await SendAsync(ack);
            }
        }
    }

    private async Task SendAsync(Ack ack)
    {
        try
        {
            await channel.BasicAckAsync(ack.Tag, ack.Multiple, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // Normal after a lost channel: the broker delivers the message again, and the inbox knows it.
            metrics.FailedAcks(queue.Name, 1);
            LogAckFailed(exception, queue.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Queue {Queue}: an ack could not be sent; its message will come again and be suppressed")]
    private partial void LogAckFailed(Exception exception, string queue);
}
