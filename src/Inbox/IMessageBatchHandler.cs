using Messaging;

namespace Inbox;

/// <summary>Gives several messages their effects at once: for queues whose rate matters more than the simplest code. The inbox
/// commits, as for <see cref="IMessageHandler{TMessage}"/>.</summary>
/// <typeparam name="TMessage">The message it handles.</typeparam>
public interface IMessageBatchHandler<TMessage>
    where TMessage : IMessage
{
    /// <summary>Changes the context of the unit of work; what it changed is saved once, after it has returned. The effects
    /// become visible when the inbox commits them together with the records that these messages were handled. If that fails,
    /// each message is handled again by itself, in a list of one, so that a bad one costs only itself.</summary>
    /// <param name="messages">1 to <see cref="InboxOptions.BatchSize"/> different messages, or to what
    /// <see cref="QueueBuilder.BatchSize"/> says, in the order of delivery: those that the broker had delivered already, and that
    /// follow each other in one lane without a message of another kind between.</param>
    /// <param name="cancellationToken">Cancelled after <see cref="InboxOptions.HandlerTimeout"/>, which bounds the whole call,
    /// and when a shutdown can wait no longer.</param>
    /// <exception cref="PermanentFailureException">Thrown over a list of one: trying again cannot help, the message becomes a
    /// dead letter at once.</exception>
    Task HandleAsync(IReadOnlyList<ReceivedMessage<TMessage>> messages, CancellationToken cancellationToken);
}
