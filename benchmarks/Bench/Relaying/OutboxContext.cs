using Messaging;
using Microsoft.EntityFrameworkCore;
using Outbox;

namespace Bench.Relaying;

/// <summary>The outbox table beside one business table.</summary>
internal sealed class OutboxContext(DbContextOptions<OutboxContext> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddOutbox();
        modelBuilder.Entity<Purchase>(purchase =>
        {
            purchase.ToTable("purchase");
            purchase.Property(p => p.Id).HasColumnName("id");
            purchase.Property(p => p.Customer).HasColumnName("customer");
            purchase.Property(p => p.Total).HasColumnName("total");
            purchase.HasMany(p => p.Lines).WithOne().HasForeignKey(line => line.PurchaseId);
        });
        modelBuilder.Entity<PurchaseLine>(line =>
        {
            line.ToTable("purchase_line");
            line.HasKey(l => new { l.PurchaseId, l.Line });
            line.Property(l => l.PurchaseId).HasColumnName("purchase_id");
            line.Property(l => l.Line).HasColumnName("line").ValueGeneratedNever();
            line.Property(l => l.Sku).HasColumnName("sku");
            line.Property(l => l.Quantity).HasColumnName("quantity");
        });
        modelBuilder.Entity<PurchaseReceipt>(receipt =>
        {
            receipt.ToTable("purchase_receipt");
            receipt.Property(r => r.Id).HasColumnName("id").UseIdentityAlwaysColumn();
            receipt.Property(r => r.PurchaseId).HasColumnName("purchase_id");
            receipt.Property(r => r.Body).HasColumnName("body");
        });
    }
}

/// <summary>What a business transaction writes: a row with three lines.</summary>
internal sealed class Purchase
{
    private const int LineCount = 3;

    public Guid Id { get; init; }

    public required string Customer { get; init; }

    public decimal Total { get; init; }

    public List<PurchaseLine> Lines { get; } = [];

    public static Purchase New()
    {
        var purchase = new Purchase { Id = Guid.CreateVersion7(), Customer = "customer", Total = 29.70m };
        purchase.Lines.AddRange(Enumerable.Range(1, LineCount).Select(line => new PurchaseLine { Line = line, Sku = $"sku-{line}", Quantity = 1 }));
        return purchase;
    }
}

internal sealed class PurchaseLine
{
    public Guid PurchaseId { get; init; }

    public int Line { get; init; }

    public required string Sku { get; init; }

    public int Quantity { get; init; }
}

/// <summary>A row as long as that of a message, with nothing but a key.</summary>
internal sealed class PurchaseReceipt
{
    private const int Bytes = 600;

    public long Id { get; init; }

    public Guid PurchaseId { get; init; }

    public required byte[] Body { get; init; }

    public static PurchaseReceipt Of(Purchase purchase) => new() { PurchaseId = purchase.Id, Body = new byte[Bytes] };
}

/// <summary>Announces a <see cref="Purchase"/>.</summary>
internal sealed record PurchaseMade(Guid PurchaseId, string Padding) : IMessage
{
    public static string MessageType => "bench.purchase-made.v1";

    /// <summary>With a body of about 500 bytes.</summary>
    public static PurchaseMade Of(Purchase purchase) => new(purchase.Id, Filling);

    private static readonly string Filling = new('x', 425);
}
