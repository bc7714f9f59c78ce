using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox;

/// <summary>What one unit of work takes from the service provider, and gives back.</summary>
internal sealed class UnitScope(AsyncServiceScope scope)
{
    public IServiceProvider Services => scope.ServiceProvider;

    /// <summary>The unit's context, as soon as there is one.</summary>
    public DbContext? Db { get; set; }

    /// <summary>Ends the transaction, if it is still open, and disposes of everything.</summary>
    /// <param name="retiresContext">Whether the context is for nobody else: its connection cannot be opened any more, and something that
    /// its handler has left running may still use it.</param>
    /// <param name="patience">How long that is waited for.</param>
    /// <param name="clock">Measures it.</param>
    /// <returns>False when that takes longer than <paramref name="patience"/>; it may go on then, or never end.</returns>
    public async Task<bool> TryEndAsync(bool retiresContext, TimeSpan patience, TimeProvider clock)
    {
        // On a thread of its own: what a handler or a service of the scope does when it is disposed of may block.
        var ending = Task.Run(() => EndAsync(retiresContext));
        try
        {
            await ending.WaitAsync(patience, clock);
            return true;
        }
        catch (TimeoutException) when (!ending.IsCompleted)
        {
            _ = ending.ContinueWith(late => _ = late.Exception, TaskScheduler.Default);
            return false;
        }
    }

    private async Task EndAsync(bool retiresContext)
    {
        try
        {
            await LetGoAsync();
        }
        finally
        {
            if (retiresContext && Db is not null)
            {
                // Where that fails the scope is left as it is, and its context with it.
                await RetiredContext.KeepFromPoolAsync(Db);
            }

            await scope.DisposeAsync();
        }
    }

    /// <summary>First, since the handlers are disposed of before their context: behind one that never ends, the locks of a transaction
    /// that failed would be kept from the next try, and the connection from the pool.</summary>
    private async Task LetGoAsync()
    {
        if (Db?.Database is { } database)
        {
            if (database.CurrentTransaction is { } open)
            {
                await open.DisposeAsync();
            }

            await database.CloseConnectionAsync();
        }
    }
}
