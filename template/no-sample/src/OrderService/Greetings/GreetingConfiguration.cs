using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OrderService.Greetings;

internal sealed class GreetingConfiguration : IEntityTypeConfiguration<Greeting>
{
    public void Configure(EntityTypeBuilder<Greeting> greeting)
    {
        greeting.ToTable("greeting");
        greeting.HasKey(g => g.Id).HasName("greeting_pkey");
        greeting.Property(g => g.Id).HasColumnName("id").ValueGeneratedNever();
        greeting.Property(g => g.Name).HasColumnName("name");
        greeting.Property(g => g.CreatedAt).HasColumnName("created_at").HasDefaultValueSql("now()");
    }
}
