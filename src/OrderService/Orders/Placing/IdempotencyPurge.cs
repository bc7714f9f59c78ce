using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Orders.Placing;

/// <summary>Forgets idempotency keys that have expired.</summary>
internal sealed class IdempotencyPurge(IServiceScopeFactory scopes)
{
    /// <returns>True when more may be waiting.</returns>
    public async Task<bool> PurgeBatchAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrdersDbContext>();
        return await db.Database.ExecuteSqlRawAsync(IdempotencySql.Purge, cancellationToken) == IdempotencySql.PurgeBatch;
    }
}
