using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Inbox;

/// <summary>Tells the <see cref="HandledContext"/> of a savepoint that a handler creates, EF Core's own around a save included.</summary>
internal sealed class SavepointInterceptor : IDbTransactionInterceptor
{
    public InterceptionResult CreatingSavepoint(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        HandledContext.Of(eventData.Context)?.OnCreatingSavepoint(transaction);
        return result;
    }

    public ValueTask<InterceptionResult> CreatingSavepointAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
        new(CreatingSavepoint(transaction, eventData, result));
}
