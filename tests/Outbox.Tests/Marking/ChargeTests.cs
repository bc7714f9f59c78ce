using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Outbox.Relay;

namespace Outbox.Tests.Marking;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ChargeTests(ServersFixture servers)
{
    [Theory]
    [InlineData("attempts = attempts + 1")]
    [InlineData("message_id = gen_random_uuid()")]
    [InlineData("sent_at = now()")]
    [InlineData("parked_at = now()")]
    public async Task A_row_is_charged_only_as_it_was_seen(string changed)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.InsertAsync();
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await reader.ReadAsync();
        Assert.True(reader.Lookahead.TryTake(out var row));
        await using var owner = (await OwnerLock.OpenAsync(DatabaseOf(arena), TimeSpan.FromSeconds(30), CancellationToken.None))!;
        Assert.True(await owner.TryTakeAsync(CancellationToken.None));
        await using var connection = await arena.OpenAsync();
        var marker = new Marker(connection, owner, new OutboxOptions());
        var refused = new Settlement(row, "no", MaxAttempts: 10);

        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET {changed}");
        Assert.Empty(await marker.ChargeAsync([refused], CancellationToken.None));
        Assert.Equal(1, await arena.CountAsync("last_error IS NULL AND due_at IS NULL"));

        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET attempts = 0, message_id = '{row.MessageId}', sent_at = NULL, parked_at = NULL");
        Assert.Equal([row.Id], (await marker.ChargeAsync([refused], CancellationToken.None)).Keys);
        Assert.Equal(1, await arena.CountAsync("last_error = 'no' AND due_at > now() AND attempts = 1"));
    }

    private static OutboxDatabase DatabaseOf(OutboxArena arena)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "Outbox.Tests", EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:Postgres"] = arena.Arena.Postgres });
        return new OutboxDatabase(builder.Configuration, builder.Environment);
    }
}
