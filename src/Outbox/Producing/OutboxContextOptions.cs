using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Outbox;

/// <summary>Carries the outbox settings in the options of a context, so that a context made with <c>new</c> has them too.</summary>
internal sealed class OutboxContextOptions(OutboxOptions outbox, MessageSerializer? serializer) : IDbContextOptionsExtension
{
    public OutboxOptions Outbox { get; } = outbox;

    public DbContextOptionsExtensionInfo Info => new ExtensionInfo(this);

    /// <summary>Those of a context; null without <c>UseOutbox</c>.</summary>
    public static OutboxContextOptions? Of(DbContext db) => db.GetService<IDbContextOptions>().FindExtension<OutboxContextOptions>();

    /// <summary>The signal of its outbox; null without <c>UseOutbox</c>.</summary>
    public static CommitSignal? CommitsOf(DbContext db) => Of(db)?.Outbox.Commits;

    /// <summary>What <paramref name="db"/> encodes its messages by.</summary>
    public MessageSerializer SerializerOf(DbContext db) => serializer
        ?? db.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider?.GetService<MessageSerializer>()
        ?? MessageSerializer.Default;

    public void ApplyServices(IServiceCollection services) =>
        services.AddSingleton<IInterceptor, CommitInterceptor>().AddSingleton<IInterceptor, LoneSaveInterceptor>();

    public void Validate(IDbContextOptions options)
    {
    }

    private sealed class ExtensionInfo(IDbContextOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => false;

        public override string LogFragment => "using Outbox ";

        // The interceptors ask the context for its settings: contexts with different ones share their internal services.
        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["Outbox"] = "1";
    }
}
