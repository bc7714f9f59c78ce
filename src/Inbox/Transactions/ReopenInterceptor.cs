using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Inbox;

/// <summary>Keeps a lost connection lost while handlers have the context in hand. EF Core would open it again, and what a handler that
/// swallowed the loss then writes would be committed statement by statement, without the record that its message was handled.</summary>
internal sealed class ReopenInterceptor : IDbConnectionInterceptor
{
    /// <exception cref="InvalidOperationException">A handler has the context in hand.</exception>
    public InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result) =>
        HandledContext.Of(eventData.Context) is null
            ? result
            : throw new InvalidOperationException("The connection of the unit of work was lost, and its transaction with it.");

    public ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
        new(ConnectionOpening(connection, eventData, result));
}
