using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging;

/// <summary>Declares the topology, which changes nothing where it is there already. Nothing is ever deleted or recreated.</summary>
internal sealed class TopologyDeclarer(Topology topology)
{
    /// <summary>Completes when all of it exists.</summary>
    /// <exception cref="TopologyMismatchException">A queue or exchange exists with other arguments, or is not taken as it is.</exception>
    public async Task DeclareAsync(BrokerConnection connection, CancellationToken cancellationToken)
    {
        await using var channel = await connection.Client.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            foreach (var exchange in topology.Exchanges)
            {
                await channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancellationToken);
            }

            foreach (var queue in topology.Queues)
            {
                await channel.QueueDeclareAsync(
                    queue.Name, durable: true, exclusive: false, autoDelete: false,
                    queue.Arguments.ToDictionary(), cancellationToken: cancellationToken);
            }

            foreach (var binding in topology.Bindings)
            {
                await channel.QueueBindAsync(binding.Queue, binding.Exchange, binding.RoutingKey, cancellationToken: cancellationToken);
            }
        }
        catch (OperationInterruptedException interrupted) when (interrupted.ShutdownReason?.ReplyCode == Constants.PreconditionFailed)
        {
            // The broker's text names the queue and the argument: "inequivalent arg 'x-message-ttl' for queue 'q' …".
            throw new TopologyMismatchException(interrupted.ShutdownReason.ReplyText, interrupted);
        }
    }
}
