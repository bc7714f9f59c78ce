using Messaging;

namespace Inbox;

/// <summary>Gives a message its effect: change the context and return. The inbox saves and commits, so a handler calls neither commit nor
/// rollback, and need not call SaveChanges.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><description>Each message gets a new handler. Messages that wait together share the scope of the services, the transaction and the
/// context. Between them the context's settings are put back, and its change tracker is emptied unless they are saved together; what is set
/// with SET LOCAL lasts until the commit.</description></item>
/// <item><description>A save that fails or is cancelled fails the message, also where the handler catches the exception; unless it was an
/// error of the database, and the handler has rolled back to a savepoint of its own. A lost connection fails it too.</description></item>
/// <item><description>What a handler leaves of savepoints ends before the next one begins, so that nobody can roll back more than its own.
/// Those that it makes with SQL are not seen, nor any where the context is not registered with AddDbContext or the like: they must not be
/// left.</description></item>
/// <item><description>SET CONSTRAINTS names the constraints that are meant: ALL IMMEDIATE counts as a commit by the
/// handler.</description></item>
/// </list>
/// </remarks>
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
