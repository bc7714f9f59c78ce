using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox;

/// <summary>Which handler a queue has for which message.</summary>
/// <param name="MessageType">The wire name and routing key.</param>
/// <param name="BodyType">For error texts.</param>
/// <param name="HandlerType">What the services are asked for.</param>
/// <param name="TakesSeveral">Whether it takes all messages of a batch that follow each other, or one at a time.</param>
/// <param name="HandleAsync">Takes a new handler from the scope and gives it the deliveries from the named queue.</param>
internal sealed record HandlerBinding(
    string MessageType,
    Type BodyType,
    Type HandlerType,
    bool TakesSeveral,
    Func<IServiceProvider, IReadOnlyList<Delivery>, string, CancellationToken, Task> HandleAsync)
{
    public static HandlerBinding Of<TMessage, THandler>()
        where TMessage : IMessage
        where THandler : class, IMessageHandler<TMessage> =>
        new(
            TMessage.MessageType,
            typeof(TMessage),
            typeof(THandler),
            TakesSeveral: false,
            (scope, deliveries, queue, cancellationToken) => scope.GetRequiredService<THandler>()
                .HandleAsync(MessageOf<TMessage>(scope, deliveries[0]), deliveries[0].ContextFor(queue), cancellationToken));

    public static HandlerBinding OfSeveral<TMessage, THandler>()
        where TMessage : IMessage
        where THandler : class, IMessageBatchHandler<TMessage> =>
        new(
            TMessage.MessageType,
            typeof(TMessage),
            typeof(THandler),
            TakesSeveral: true,
            (scope, deliveries, queue, cancellationToken) => scope.GetRequiredService<THandler>().HandleAsync(
                [.. deliveries.Select(delivery => new ReceivedMessage<TMessage>(MessageOf<TMessage>(scope, delivery), delivery.ContextFor(queue)))],
                cancellationToken));

    /// <summary>Decodes it for each try anew: what a handler has done to a message must not be there the next time.</summary>
    private static TMessage MessageOf<TMessage>(IServiceProvider scope, Delivery delivery)
    {
        var serializer = scope.GetRequiredService<MessageSerializer>();
        try
        {
            return (TMessage)serializer.Decode(delivery.Body, typeof(TMessage));
        }
        catch (Exception exception)
        {
            // Converters and constructors of the message may throw whatever they like.
            throw new UnreadableMessageException(exception);
        }
    }
}
