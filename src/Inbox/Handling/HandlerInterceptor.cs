using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Inbox;

/// <summary>Watches what a handler does to the connection and the transaction of its context; nothing while none has it in hand.</summary>
internal sealed class HandlerInterceptor : IDbConnectionInterceptor, IDbTransactionInterceptor
{
    /// <summary>Keeps a lost connection lost. EF Core would open it again, and what a handler that swallowed the loss then writes would be
    /// committed statement by statement, without the record that its message was handled.</summary>
    /// <exception cref="InvalidOperationException">A handler has the context in hand.</exception>
    public InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result) =>
        HandledContext.Of(eventData.Context) is null
            ? result
            : throw new InvalidOperationException("The connection of the unit of work was lost, and its transaction with it.");

    public ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
        new(ConnectionOpening(connection, eventData, result));

    /// <summary>Tells of a savepoint, EF Core's own around a save included.</summary>
    public InterceptionResult CreatingSavepoint(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        HandledContext.Of(eventData.Context)?.OnCreatingSavepoint(transaction);
        return result;
    }

    public ValueTask<InterceptionResult> CreatingSavepointAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
        new(CreatingSavepoint(transaction, eventData, result));
}
