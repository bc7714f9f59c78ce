using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using OrderService.Database;

namespace Migrations;

/// <summary>Makes the context with the migrations of this assembly, here and for <c>dotnet ef</c>.</summary>
internal sealed class OrdersDbContextFactory : IDesignTimeDbContextFactory<OrdersDbContext>
{
    // Adding a migration and writing its SQL connect to nothing.
    public OrdersDbContext CreateDbContext(string[] args) => Create("Host=localhost;Database=orders");

    public static OrdersDbContext Create(string connectionString) => new(
        new DbContextOptionsBuilder<OrdersDbContext>()
            .UseNpgsql(connectionString, npgsql => npgsql.MigrationsAssembly(typeof(OrdersDbContextFactory).Assembly.GetName().Name))
            .Options);
}
