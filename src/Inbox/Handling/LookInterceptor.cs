using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Inbox;

/// <summary>Tells the <see cref="UnsavedChanges"/> of a context that a handler uses the database: it would not find there what
/// earlier ones have yet to save.</summary>
/// <remarks>It does not see commands that are given to the connection directly, without EF Core.</remarks>
internal sealed class LookInterceptor : IDbCommandInterceptor
{
    public static bool IsIn(DbContext db) => ContextInterceptors.Of(db).OfType<LookInterceptor>().Any();

    public InterceptionResult<DbCommand> CommandCreating(CommandCorrelatedEventData eventData, InterceptionResult<DbCommand> result)
    {
        // Saving saves what earlier handlers have left too, and a generator of keys asks a sequence.
        if (eventData.CommandSource is not (CommandSource.SaveChanges or CommandSource.ValueGenerator))
        {
            HandledContext.Of(eventData.Context)?.Unsaved?.Look();
        }

        return result;
    }
}
