using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox;

/// <summary>Which handler a queue has for which message.</summary>
/// <param name="MessageType">The wire name and routing key.</param>
/// <param name="HandlerType">For error texts.</param>
/// <param name="HandleAsync">Takes a new handler from the scope and runs it.</param>
internal sealed record HandlerBinding(
    string MessageType,
    Type HandlerType,
    Func<IServiceProvider, object, MessageContext, CancellationToken, Task> HandleAsync)
{
    public static HandlerBinding Of<TMessage, THandler>()
        where TMessage : IMessage
        where THandler : class, IMessageHandler<TMessage> =>
        new(
            TMessage.MessageType,
            typeof(THandler),
            (scope, message, context, cancellationToken) =>
                scope.GetRequiredService<THandler>().HandleAsync((TMessage)message, context, cancellationToken));
}
