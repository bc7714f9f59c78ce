using Microsoft.EntityFrameworkCore;
using Migrations;

namespace OrderService.Tests.Migrating;

public sealed class MigrationProgramTests
{
    [Fact]
    public void The_model_has_no_change_that_no_migration_makes()
    {
        using var db = OrdersDbContextFactory.Create("Host=localhost;Database=orders");

        Assert.False(db.Database.HasPendingModelChanges());
    }

    [Theory]
    [InlineData("", "is not set")]
    [InlineData("Host=127.0.0.1", "names no Database")]
    [InlineData("Host=127.0.0.1;Nonsense=1", "is not understood")]
    [InlineData("Database=orders", "is not understood")]
    [InlineData("Host=127.0.0.1;Database=orders;Target Session Attributes=primary", "is not understood")]
    [InlineData("Host=127.0.0.1;Database=orders;Multiplexing=true", "is not understood")]
    [InlineData("Host=127.0.0.1:x;Database=orders", "is not understood")]
    [InlineData("Host=127.0.0.1;Database=orders;Port=65536", "has Port=65536: it must be from 1 to 65535")]
    public async Task A_connection_string_that_is_not_understood_is_refused(string connectionString, string said)
    {
        var result = await MigrationProgram.RunAsync(connectionString);

        Assert.Equal(2, result.ExitCode);
        Assert.Single(result.Error.Trim().Split('\n'));
        Assert.Contains(said, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_argument_is_refused()
    {
        var result = await MigrationProgram.RunAsync("Host=127.0.0.1;Database=orders", "--fill-everything");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--fill-everything", result.Error, StringComparison.Ordinal);
    }
}
