using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Outbox;

/// <summary>Passes the commits of a context with <c>UseOutbox</c> on to the signal of its outbox.</summary>
internal sealed class CommitInterceptor : DbTransactionInterceptor
{
    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Signal(eventData.Context);

    public override Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Signal(eventData.Context);
        return Task.CompletedTask;
    }

    private static void Signal(DbContext? db)
    {
        if (db is not null)
        {
            OutboxContextOptions.CommitsOf(db)?.ContextCommitted(db);
        }
    }
}
