using Microsoft.EntityFrameworkCore;

namespace Inbox;

/// <summary>What this service consumes, and in which context's transactions.</summary>
/// <param name="Queues">In the order in which they were described.</param>
/// <param name="ContextType">The context that the handlers change.</param>
/// <param name="Context">Takes that context from a scope.</param>
internal sealed record InboxDefinition(IReadOnlyList<QueueDefinition> Queues, Type ContextType, Func<IServiceProvider, DbContext> Context);
