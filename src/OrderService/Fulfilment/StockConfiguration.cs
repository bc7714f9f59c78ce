using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OrderService.Fulfilment;

internal sealed class StockConfiguration : IEntityTypeConfiguration<Stock>
{
    public void Configure(EntityTypeBuilder<Stock> stock)
    {
        stock.ToTable("stock", table => table.HasCheckConstraint("stock_available_not_negative", "available >= 0"));
        stock.HasKey(s => s.Sku).HasName("stock_pkey");
        stock.Property(s => s.Sku).HasColumnName("sku");
        stock.Property(s => s.Available).HasColumnName("available");

        // A popular sku is updated with every order: half-empty pages let its new version stand beside the old one.
        stock.HasStorageParameter("fillfactor", 50);
    }
}
