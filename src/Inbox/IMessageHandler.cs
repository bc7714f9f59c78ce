using Messaging;

namespace Inbox;

/// <summary>Gives a message its effect. The inbox commits: the handler changes the context and returns. It calls neither
/// commit nor rollback, and need not call SaveChanges. Each message gets a new handler. Messages that wait together share the
/// scope of the services, the transaction and the context, whose change tracker is emptied (unless they are saved together) and
/// whose settings are put back between them; what a handler sets with SET LOCAL lasts until the commit. A save that fails or
/// is cancelled fails the message, also where the handler catches the exception (unless it was an error of the database, and the
/// handler has rolled back to a savepoint of its own); so does a lost connection. What a handler leaves of savepoints ends before the next
/// one begins, so that nobody can roll back more than its own; those that it makes with SQL are not seen, and neither are any where
/// the context is not registered with AddDbContext or the like: they must not be left. SET CONSTRAINTS names the constraints that are
/// meant: ALL IMMEDIATE counts as a commit by the handler.</summary>
/// <typeparam name="TMessage">The message it handles.</typeparam>
public interface IMessageHandler<in TMessage>
    where TMessage : IMessage
{
    /// <summary>Changes the context of the unit of work. The effect becomes visible when the inbox commits it together with
    /// the record that this message was handled; until then it may be rolled back and tried again, also where this method
    /// succeeded, so anything outside that transaction needs <see cref="MessageContext.MessageId"/> as its idempotency key.</summary>
    /// <param name="message">The decoded body.</param>
    /// <param name="context">The message's envelope.</param>
    /// <param name="cancellationToken">Cancelled after <see cref="InboxOptions.HandlerTimeout"/> and when a shutdown can wait
    /// no longer.</param>
    /// <exception cref="PermanentFailureException">Trying again cannot help: the message becomes a dead letter at once.
    /// Any other exception is tried again, as <see cref="RetryOptions"/> says.</exception>
    Task HandleAsync(TMessage message, MessageContext context, CancellationToken cancellationToken);
}
