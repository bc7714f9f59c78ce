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
    /// <returns>False when that takes longer than <paramref name="patience"/>; it may go on then, or never end.</returns>
    public async Task<bool> TryEndAsync(TimeSpan patience, TimeProvider clock)
    {
        // On a thread of its own: what a handler or a service of the scope does when it is disposed of may block.
        var ending = Task.Run(EndAsync);
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

    private async Task EndAsync()
    {
        try
        {
            await LetGoAsync();
        }
        finally
        {
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
