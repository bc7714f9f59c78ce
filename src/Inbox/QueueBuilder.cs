using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Inbox;

/// <summary>Describes one queue and its handlers.</summary>
public sealed class QueueBuilder
{
    private readonly QueueDefinition _queue;
    private readonly IServiceCollection _services;

    internal QueueBuilder(QueueDefinition queue, IServiceCollection services)
    {
        _queue = queue;
        _services = services;
    }

    /// <summary>Binds the queue to <typeparamref name="TMessage"/>'s wire name and has <typeparamref name="THandler"/> handle
    /// what arrives. The handler is taken from the services; it is added as transient unless it is there.</summary>
    /// <exception cref="ArgumentException">The queue has a handler for this wire name already, or the name is malformed.</exception>
    public QueueBuilder Handle<TMessage, THandler>()
        where TMessage : IMessage
        where THandler : class, IMessageHandler<TMessage> => Bind(HandlerBinding.Of<TMessage, THandler>());

    /// <summary>The same with a handler that takes several messages at once.</summary>
    /// <exception cref="ArgumentException">The queue has a handler for this wire name already, or the name is malformed.</exception>
    public QueueBuilder HandleBatch<TMessage, THandler>()
        where TMessage : IMessage
        where THandler : class, IMessageBatchHandler<TMessage> => Bind(HandlerBinding.OfSeveral<TMessage, THandler>());

    /// <summary>Lets the consumers of all processes take messages at once. Without it one consumer is active, the others stand
    /// by, and messages of one key take effect in order. A message that so many consumers had in hand when they died that it is
    /// half way to the delivery limit may be overtaken: it is suspected of killing them, and taken alone. So may any of those in hand after
    /// three connections in a row that were lost before a message could be read, each within 10 s.</summary>
    public QueueBuilder Unordered()
    {
        _queue.Ordered = false;
        return this;
    }

    /// <summary>Handles at most <paramref name="messages"/> in one transaction, whatever <see cref="InboxOptions.BatchSize"/>
    /// says: 1 where the handlers of several messages change the same rows.</summary>
    /// <param name="messages">1 to 1,000.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is out of bounds.</exception>
    public QueueBuilder BatchSize(int messages)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messages, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(messages, 1_000);
        _queue.BatchSize = messages;
        return this;
    }

    /// <summary>Handles batches in <paramref name="lanes"/> side by side, whatever <see cref="InboxOptions.Lanes"/> says: 1 where
    /// the handlers of different keys change the same rows, so that batches would wait for each other or deadlock.</summary>
    /// <param name="lanes">1 to 64.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is out of bounds.</exception>
    public QueueBuilder Lanes(int lanes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes, 64);
        _queue.Lanes = lanes;
        return this;
    }

    /// <summary>Saves once what the handlers of a batch have changed in their context: for handlers that only add rows, nearly the rate of
    /// an <see cref="IMessageBatchHandler{TMessage}"/>. Without it each handler is saved before the next one runs, which costs a round trip
    /// a message. Where saving fails, each message of the batch is handled by itself. Handlers for which it is not are found out: one that
    /// uses the database through EF Core would not find there what earlier ones have changed, what one has removed, or attached without having
    /// read it, a later one would still find in the context, and one that clears the change tracker would take along what others have put
    /// there. Then the batch is rolled back and handled again, and the queue is saved as without this call from then on, which a warning in
    /// the log says. So it is where the context is not registered with <c>AddDbContext</c> or the like.</summary>
    /// <remarks>Not for handlers that give SQL to the connection itself (<c>GetDbConnection</c>), that nobody sees, or that look
    /// through the change tracker, which shows what earlier ones have left.</remarks>
    public QueueBuilder SaveTogether()
    {
        _queue.SavesTogether = true;
        return this;
    }

    /// <summary>Binds the queue to another exchange than that of the setting <c>Outbox:Exchange</c>.</summary>
    /// <param name="exchange">A durable topic exchange, 1 to 255 UTF-8 bytes.</param>
    /// <exception cref="ArgumentException">It is blank or too long.</exception>
    public QueueBuilder From(string exchange)
    {
        _queue.Exchange = WireNames.Require(exchange, WireBounds.MaxShortStringBytes, nameof(exchange));
        return this;
    }

    /// <summary>A failure of this type, or of one derived from it, makes a dead letter at once.</summary>
    public QueueBuilder TreatAsPermanent<TException>()
        where TException : Exception => TreatAsPermanent(failure => failure is TException);

    /// <summary>A failure of which <paramref name="rule"/> says true makes a dead letter at once.</summary>
    public QueueBuilder TreatAsPermanent(Func<Exception, bool> rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        _queue.PermanentRules.Add(rule);
        return this;
    }

    private QueueBuilder Bind(HandlerBinding binding)
    {
        WireNames.Require(binding.MessageType, WireBounds.MaxShortStringBytes, $"{binding.BodyType.Name}.{nameof(IMessage.MessageType)}");
        if (!_queue.Handlers.TryAdd(binding.MessageType, binding))
        {
            throw new ArgumentException(
                $"Queue \"{_queue.Name}\" has {_queue.Handlers[binding.MessageType].HandlerType.Name} for \"{binding.MessageType}\" already: " +
                $"{binding.HandlerType.Name} needs a queue of its own.");
        }

        _services.TryAddTransient(binding.HandlerType);
        return this;
    }
}
