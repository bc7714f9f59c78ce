using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Inbox;

/// <summary>Tells the <see cref="HandledContext"/> of a save that was cancelled, for which <see cref="DbContext"/> has no event.</summary>
internal sealed class CanceledSaveInterceptor : ISaveChangesInterceptor
{
    public void SaveChangesCanceled(DbContextEventData eventData) => HandledContext.Of(eventData.Context)?.OnSaveCanceled();

    public Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken = default)
    {
        SaveChangesCanceled(eventData);
        return Task.CompletedTask;
    }
}
