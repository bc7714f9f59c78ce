using Microsoft.Extensions.DependencyInjection;

namespace Outbox.Tests.WakingUp;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class LoneMessageTests(ServersFixture servers)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_that_EF_Core_saves_without_a_transaction_wakes_the_relay_of_its_process_too(bool synchronously)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.Arena.ExecuteAsync("DROP TRIGGER outbox_message_wake_up ON outbox_message");
        var relay = await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        await arena.IsAsleepAsync();
        await using var db = arena.NewContext(relay.Services.GetRequiredService<OutboxOptions>());
        db.AddMessage(new NoteTaken(1, "text"));

        _ = synchronously ? db.SaveChanges() : await db.SaveChangesAsync();

        await tap.ReadUntilAsync(1, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_message_is_not_told_of_before_the_transaction_commits_that_it_is_saved_in()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var options = new OutboxOptions { Exchange = arena.Exchange };
        var told = 0;
        options.Commits.Committed += () => told++;
        await using var db = arena.NewContext(options);
        await using var transaction = await db.Database.BeginTransactionAsync();
        db.AddMessage(new NoteTaken(1, "text"));

        await db.SaveChangesAsync();
        Assert.Equal(0, told);

        await transaction.CommitAsync();
        Assert.Equal(1, told);
    }
}
