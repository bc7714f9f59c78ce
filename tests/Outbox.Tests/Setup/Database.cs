using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Outbox.Relay;

namespace Outbox.Tests;

internal static class Database
{
    /// <summary>The database of the arena, as its relay opens it, with <paramref name="more"/> in the connection string.</summary>
    public static OutboxDatabase Of(OutboxArena arena, string more = "")
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "Outbox.Tests", EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:Postgres"] = arena.Arena.Postgres + more });
        return new OutboxDatabase(builder.Configuration, builder.Environment);
    }
}
