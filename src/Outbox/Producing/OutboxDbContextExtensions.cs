using System.Diagnostics;
using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Outbox;

/// <summary>Adds messages to a context's unit of work.</summary>
public static class OutboxDbContextExtensions
{
    /// <summary>Adds <paramref name="message"/> to the unit of work of <paramref name="db"/> and returns its message id. It is
    /// published if, and only if, the transaction that saves it commits; nothing is sent yet.</summary>
    /// <param name="db">A context with <c>UseOutbox</c> in its options and <c>AddOutbox</c> in its model.</param>
    /// <param name="message">Encoded now: later changes to it do not reach the row.</param>
    /// <param name="key">Messages of one key are published one after another; 1 to 255 UTF-8 bytes. Null asks for no order. Where a row lock
    /// is to give them the order of their commits, take it in a statement before the save: within one, EF Core writes the tables in the
    /// order of their names, and a row that is locked after the message was inserted comes too late.</param>
    /// <param name="options">Headers, another exchange, a correlation id.</param>
    /// <exception cref="MessageTooLargeException">The encoded body exceeds <see cref="OutboxOptions.MaxBodyBytes"/>.</exception>
    /// <exception cref="ArgumentException">The key, type, exchange, correlation id or a header is out of bounds.</exception>
    /// <exception cref="InvalidOperationException">The context has no <c>UseOutbox</c>.</exception>
    public static Guid AddMessage<TMessage>(this DbContext db, TMessage message, string? key = null, MessageOptions? options = null)
        where TMessage : IMessage
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(message);
        var outbox = OutboxContextOptions.Of(db)
            ?? throw new InvalidOperationException(
                $"{db.GetType().Name} has no outbox: call UseOutbox(...) where its options are built, beside UseNpgsql(...).");

        var type = TextBounds.ShortString(TMessage.MessageType, $"{typeof(TMessage).Name}.MessageType");
        var body = outbox.SerializerOf(db).Encode(message);
        if (body.Length > outbox.Outbox.MaxBodyBytes)
        {
            throw new MessageTooLargeException(type, body.Length, outbox.Outbox.MaxBodyBytes);
        }

        // A UUIDv7 made by the client: a unit of work that is retried stores the same message, not a second one.
        var messageId = Guid.CreateVersion7();
        var activity = Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current : null;
        db.Set<OutboxMessage>().Add(new OutboxMessage
        {
            MessageId = messageId,
            Exchange = TextBounds.ShortString(options?.Exchange ?? outbox.Outbox.Exchange, nameof(MessageOptions.Exchange)),
            RoutingKey = type,
            Type = type,
            Key = key is null ? null : TextBounds.ShortString(key, nameof(key)),
            Headers = HeaderBounds.Encode(options, activity?.TraceStateString),
            TraceParent = activity?.Id,
            Body = body,
        });
        outbox.Outbox.Commits.Added(db);
        return messageId;
    }
}
