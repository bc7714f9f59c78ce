using System.Text.RegularExpressions;

namespace Template.Tests;

/// <summary>A service that was there before: a context, its migrations, no messages. It stands beside a scaffold as ../Shop.</summary>
internal static partial class ExistingService
{
    public static async Task WriteAsync(Scaffold beside)
    {
        var directory = Directory.CreateDirectory(Path.Combine(beside.Directory, "../Shop")).FullName;
        var versions = PackageVersion().Matches(beside.Read("Directory.Packages.props")).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        await File.WriteAllTextAsync(Path.Combine(directory, "Shop.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Microsoft.EntityFrameworkCore" Version="{versions["Microsoft.EntityFrameworkCore"]}" />
                <PackageReference Include="Microsoft.EntityFrameworkCore.Relational" Version="{versions["Microsoft.EntityFrameworkCore.Relational"]}" />
                <PackageReference Include="Microsoft.EntityFrameworkCore.Design" Version="{versions["Microsoft.EntityFrameworkCore.Design"]}" PrivateAssets="all" />
                <PackageReference Include="Npgsql.EntityFrameworkCore.PostgreSQL" Version="{versions["Npgsql.EntityFrameworkCore.PostgreSQL"]}" />
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(directory, "ShopContext.cs"), """
            using Microsoft.EntityFrameworkCore;

            public sealed class Article
            {
                public int Id { get; set; }

                public string Name { get; set; } = "";
            }

            public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
            {
                public DbSet<Article> Articles => Set<Article>();

                protected override void OnModelCreating(ModelBuilder modelBuilder)
                {
                    modelBuilder.Entity<Article>().ToTable("article");
                }
            }

            """);
        await File.WriteAllTextAsync(Path.Combine(directory, "Program.cs"), """
            using Microsoft.EntityFrameworkCore;

            var builder = WebApplication.CreateBuilder(args);
            var postgres = builder.Configuration.GetConnectionString("Postgres") ?? "Host=localhost;Database=shop";
            builder.Services.AddDbContext<ShopContext>(options => options.UseNpgsql(postgres));
            builder.Services.AddHealthChecks();

            var app = builder.Build();
            app.MapHealthChecks("/health/ready");
            app.Run();

            """);
        await beside.RunAsync("dotnet tool restore && dotnet restore ../Shop && dotnet ef migrations add Initial --project ../Shop");
    }

    /// <summary>The two lines that the recipe asks for in words.</summary>
    public static async Task CompleteMigrationAsync(Scaffold beside)
    {
        var file = Directory.GetFiles(Path.Combine(beside.Directory, "../Shop/Migrations"), "*_AddOutbox.cs").Single();
        var lines = (await File.ReadAllLinesAsync(file)).ToList();
        var down = lines.FindIndex(line => line.Contains("void Down(", StringComparison.Ordinal));
        lines.Insert(down + 2, "            migrationBuilder.DropOutboxWakeUp();");
        lines.Insert(lines.FindLastIndex(down, line => line == "        }"), "            migrationBuilder.CreateOutboxWakeUp();");
        lines.Insert(0, "using Outbox;");
        await File.WriteAllLinesAsync(file, lines);
    }

    /// <summary>A message beside a business change, as in any service that has the outbox.</summary>
    public static async Task AddMessageAsync(Scaffold beside)
    {
        var file = Path.Combine(beside.Directory, "../Shop/Program.cs");
        var program = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, "using Messaging;\n" + program.Replace(
            "app.Run();",
            """
            app.MapPost("/sales", async (ShopContext db) =>
            {
                db.AddMessage(new Sold(1));
                await db.SaveChangesAsync();
            });
            app.Run();

            internal sealed record Sold(int Articles) : IMessage
            {
                public static string MessageType => "shop.sold.v1";
            }
            """,
            StringComparison.Ordinal));
    }

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\" Version=\"([^\"]+)\"")]
    private static partial Regex PackageVersion();
}
