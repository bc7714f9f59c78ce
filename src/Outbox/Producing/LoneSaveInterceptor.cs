using System.Transactions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Outbox;

/// <summary>Passes on what a context with <c>UseOutbox</c> has saved without a transaction, of which <see cref="CommitInterceptor"/> hears
/// nothing: EF Core saves a single row so, and each statement commits by itself.</summary>
internal sealed class LoneSaveInterceptor : SaveChangesInterceptor
{
    public override int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        Signal(eventData.Context);
        return result;
    }

    public override ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        Signal(eventData.Context);
        return ValueTask.FromResult(result);
    }

    private static void Signal(DbContext? db)
    {
        if (db is { Database.CurrentTransaction: null } && Transaction.Current is null)
        {
            OutboxContextOptions.CommitsOf(db)?.ContextCommitted(db);
        }
    }
}
