using Servers;

namespace Template.Tests;

/// <summary>What the first migration of a new service makes beside tables: the generator of migrations knows nothing of it.</summary>
public sealed class InitialTests
{
    [Theory]
    [InlineData("full", true)]
    [InlineData("no-sample", true)]
    [InlineData("no-inbox", false)]
    [InlineData("no-sample-no-inbox", false)]
    public void The_first_migration_wakes_the_relay_up_and_guards_the_inbox_where_there_is_one(string variant, bool hasInbox)
    {
        var initial = Path.Combine(RepositoryRoot.Path, "template", "initial", variant);
        var migration = File.ReadAllText(Assert.Single(Directory.GetFiles(Path.Combine(initial, "Versions"), "*_Initial.cs")));
        var script = File.ReadAllText(Path.Combine(initial, "sql", "migrations.sql"));

        Assert.Contains(".CreateOutboxWakeUp();", migration, StringComparison.Ordinal);
        Assert.Contains("CREATE TRIGGER outbox_message_wake_up", script, StringComparison.Ordinal);
        Assert.Equal(hasInbox, migration.Contains(".CreateInboxGuard();", StringComparison.Ordinal));
        Assert.Equal(hasInbox, script.Contains("CREATE CONSTRAINT TRIGGER inbox_message_guard", StringComparison.Ordinal));
    }
}
