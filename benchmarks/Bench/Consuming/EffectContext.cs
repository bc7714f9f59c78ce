using Inbox;
using Messaging;
using Microsoft.EntityFrameworkCore;

namespace Bench.Consuming;

/// <summary>What a handled message leaves behind. Without a unique constraint, so that a doubled effect shows.</summary>
internal sealed class Effect
{
    public long Id { get; init; }

    public Guid MessageId { get; init; }

    public int Number { get; init; }
}

internal sealed class EffectContext(DbContextOptions<EffectContext> options) : DbContext(options)
{
    public DbSet<Effect> Effects => Set<Effect>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddInbox();
        modelBuilder.Entity<Effect>(effect =>
        {
            effect.ToTable("effect");
            effect.Property(e => e.Id).HasColumnName("id").UseIdentityAlwaysColumn();
            effect.Property(e => e.MessageId).HasColumnName("message_id");
            effect.Property(e => e.Number).HasColumnName("number");
        });
    }
}

/// <summary>The message of this workload.</summary>
internal sealed record Counting(int Number, string Padding) : IMessage
{
    public static string MessageType => "bench.counting.v1";

    /// <summary>A body of about 500 bytes.</summary>
    public static ReadOnlyMemory<byte> Body(int number) => MessageSerializer.Default.Encode(new Counting(number, Filling));

    private static readonly string Filling = new('x', 465);
}
