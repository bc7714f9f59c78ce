using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Inbox;

/// <summary>The interceptors that the options of a context name.</summary>
internal static class ContextInterceptors
{
    public static IEnumerable<IInterceptor> Of(DbContext db) =>
        db.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.Interceptors ?? [];
}
