using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Inbox.Tests.Settings;

/// <summary>The inbox in the model of a service that has ways of its own.</summary>
public sealed class InboxModelTests
{
    [Fact]
    public void Conventions_of_the_services_own_model_leave_the_table_as_it_is()
    {
        using var plain = new PlainContext(new DbContextOptionsBuilder<PlainContext>().UseNpgsql().Options);
        using var conventional = new ConventionalContext(new DbContextOptionsBuilder<ConventionalContext>().UseNpgsql().Options);

        Assert.Equal(plain.Database.GenerateCreateScript(), conventional.Database.GenerateCreateScript());
        Assert.All(
            conventional.Model.FindEntityType(typeof(InboxMessage))!.GetProperties(),
            property => Assert.Null(property.GetTypeMapping().Converter));
    }

    [Fact]
    public void A_context_may_load_lazily_by_proxies()
    {
        using var db = new PlainContext(
            new DbContextOptionsBuilder<PlainContext>().UseNpgsql().UseLazyLoadingProxies().Options);

        Assert.NotNull(db.Model.FindEntityType(typeof(InboxMessage)));
    }

    private sealed class PlainContext(DbContextOptions<PlainContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddInbox();
    }

    private sealed class ConventionalContext(DbContextOptions<ConventionalContext> options) : DbContext(options)
    {
        protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
        {
            configurationBuilder.Properties<string>().HaveMaxLength(100).UseCollation("C").HaveConversion<Trimmed>();
            configurationBuilder.Properties<Guid>().HaveConversion<string>();
            configurationBuilder.Properties<DateTimeOffset>().HavePrecision(0).HaveConversion<long>();
            configurationBuilder.Properties<byte[]>().HaveConversion<string>();
            configurationBuilder.Properties<int>().HaveConversion<string>();
            configurationBuilder.Properties<long>().HaveConversion<string>();
        }

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddInbox();
    }

    private sealed class Trimmed() : ValueConverter<string, string>(text => text.Trim(), text => text);
}
