using Microsoft.EntityFrameworkCore;

namespace OrderService.Database;

/// <summary>Runs what a request changes in one transaction.</summary>
internal static class UnitOfWork
{
    /// <summary>Runs <paramref name="unit"/>, which saves what it changes, and commits. When the connection is lost, <paramref name="committed"/> is asked
    /// whether the commit has won all the same; only if not is the unit run again, up to twice, with an empty context. It is asked too when
    /// the unit meets a row that is there already, which may be its own.</summary>
    /// <remarks>The context itself has no retrying strategy: consumers, which share its configuration, tell for themselves
    /// which failures are worth a retry.</remarks>
    public static Task<T> CommitAsync<T>(
        this DbContext db, Func<CancellationToken, Task<T>> unit, Func<CancellationToken, Task<bool>> committed, CancellationToken cancellationToken)
    {
        T? result = default;
        return new ConnectionLossStrategy(db).ExecuteAsync(
            unit,
            async (_, run, token) =>
            {
                db.ChangeTracker.Clear();
                // A unit that fails is rolled back as a whole: a savepoint around each SaveChanges is two round trips for nothing.
                db.Database.AutoSavepointsEnabled = false;
                await using var transaction = await db.Database.BeginTransactionAsync(token);
                result = await run(token);
                // Without a token: a commit that is cancelled half way leaves open whether it won.
                await transaction.CommitAsync(CancellationToken.None);
                return result;
            },
            async (_, _, token) => new(await committed(token), result!),
            cancellationToken);
    }
}
