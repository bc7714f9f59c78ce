using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Orders.Placing;

/// <summary>Forgets idempotency keys that have expired.</summary>
internal sealed class IdempotencyPurge(IServiceScopeFactory scopes)
{
    /// <summary>Deletes batch after batch until one is not full, and returns how many keys there were. Not until none is left: keys expire all
    /// the time, and each would get a statement of its own.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrdersDbContext>();
        var purged = 0;
        int batch;
        do
        {
            batch = await db.Database.ExecuteSqlRawAsync(IdempotencySql.Purge, cancellationToken);
            purged += batch;
        }
        while (batch == IdempotencySql.PurgeBatch);

        return purged;
    }
}
