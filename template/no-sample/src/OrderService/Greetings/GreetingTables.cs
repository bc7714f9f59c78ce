using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Greetings;

/// <summary>The tables of greetings.</summary>
internal static class GreetingTables
{
    extension(OrdersDbContext db)
    {
        public DbSet<Greeting> Greetings => db.Set<Greeting>();
    }
}
