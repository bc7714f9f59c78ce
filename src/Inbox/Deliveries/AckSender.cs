using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>The only one who acks on a channel. A delivery is settled when its effect is committed or its copy is confirmed, or is
/// refused for good, never before.</summary>
internal sealed partial class AckSender(IChannel channel, QueueDefinition queue, int prefetch, InboxMetrics metrics, ILogger logger)
{
    private readonly Channel<IReadOnlyList<Delivery>> _settled = Channel.CreateUnbounded<IReadOnlyList<Delivery>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly AckRun _run = new(prefetch / 2);

    public void Settle(IReadOnlyList<Delivery> deliveries) => _settled.Writer.TryWrite(deliveries);

    /// <summary>After this, <see cref="RunAsync"/> ends when the last ack is sent.</summary>
    public void Complete() => _settled.Writer.TryComplete();

    public async Task RunAsync()
    {
        while (await _settled.Reader.WaitToReadAsync())
        {
            while (_settled.Reader.TryRead(out var deliveries))
            {
                foreach (var delivery in deliveries)
                {
                    Settle(delivery);
                }
            }

            await SendAsync(_run.Take());
        }

        await SendAsync(_run.TakeAll());
    }

    private void Settle(Delivery delivery)
    {
        if (delivery.IsRejected)
        {
            _run.Reject(delivery.Tag);
        }
        else
        {
            _run.Settle(delivery.Tag);
        }
    }

    private async Task SendAsync(IReadOnlyList<Ack> acks)
    {
        foreach (var ack in acks)
        {
            await SendAsync(ack);
        }
    }

    private async Task SendAsync(Ack ack)
    {
        try
        {
            await (ack.Rejects
                ? channel.BasicRejectAsync(ack.Tag, requeue: false, CancellationToken.None)
                : channel.BasicAckAsync(ack.Tag, ack.Multiple, CancellationToken.None));
        }
        catch (Exception exception)
        {
            // Normal after a lost channel: the broker delivers the message again, and the inbox knows it.
            metrics.FailedAcks(queue.Name, ack.Deliveries);
            LogAckFailed(exception, queue.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Queue {Queue}: an ack could not be sent; its message will come again and be suppressed")]
    private partial void LogAckFailed(Exception exception, string queue);
}
