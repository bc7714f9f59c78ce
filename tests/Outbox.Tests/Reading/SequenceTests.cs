namespace Outbox.Tests.Reading;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SequenceTests(ServersFixture servers)
{
    private static readonly TimeSpan UntilTheLookEverywhere = TimeSpan.FromSeconds(61);

    [Theory]
    [InlineData("INSERT INTO outbox_message (id, exchange, routing_key, type, body) OVERRIDING SYSTEM VALUE VALUES (1000000, 'e', 'r', 't', '')")]
    [InlineData("TRUNCATE outbox_message RESTART IDENTITY")]
    public async Task After_an_id_that_the_sequence_has_not_come_to_messages_are_found_at_once_again_within_a_minute(string statement)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(100);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await MarkAllAsync();
        await arena.Arena.ExecuteAsync(statement);
        await MarkAllAsync();

        await arena.AddBacklogAsync(10);
        reader.Clock.Shift += UntilTheLookEverywhere;
        Assert.Equal(10, await MarkAllAsync());
        await arena.AddBacklogAsync(10);
        Assert.Equal(10, await MarkAllAsync());

        async Task<int> MarkAllAsync()
        {
            while (await reader.ReadAsync())
            {
            }

            var ids = reader.TakeAll().Select(row => row.Id).ToArray();
            await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now() WHERE id = ANY ($1)", ids);
            reader.Lookahead.Marked(ids);
            return ids.Length;
        }
    }
}
