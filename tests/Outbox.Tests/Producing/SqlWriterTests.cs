using System.Text;

namespace Outbox.Tests.Producing;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SqlWriterTests(ServersFixture servers)
{
    [Fact]
    public async Task A_row_with_four_columns_is_published_well_formed()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync();

        await arena.Arena.ExecuteAsync(
            $$"""
            INSERT INTO outbox_message (exchange, routing_key, type, body)
            VALUES ('{{arena.Exchange}}', 'notes.note-taken.v1', 'notes.note-taken.v1', convert_to('{"number": 1}', 'UTF8'))
            """);

        var delivery = Assert.Single(await tap.ReadUntilAsync(1, TimeSpan.FromSeconds(20)));
        Assert.True(Guid.TryParse(delivery.MessageId, out var id));
        Assert.Equal(id, await arena.Arena.ScalarAsync<Guid>("SELECT message_id FROM outbox_message"));
        Assert.Equal("notes.note-taken.v1", delivery.Type);
        Assert.Equal("application/json", delivery.Properties.ContentType);
        Assert.Equal("""{"number": 1}""", Encoding.UTF8.GetString(delivery.Body));
        Assert.Null(delivery.Key);
        await arena.AllSentAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Header_values_of_every_JSON_scalar_are_sent()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync();

        await arena.InsertAsync(", headers", """, '{"text": "é", "whole": 42, "fraction": 1.5, "yes": true, "nothing": null, "huge": 1e400, "correlation-id": 7}'""");

        var delivery = Assert.Single(await tap.ReadUntilAsync(1, TimeSpan.FromSeconds(20)));
        var headers = delivery.Headers;
        Assert.Equal("é", headers["text"]);
        Assert.Equal("42", headers["whole"]);
        Assert.Equal("1.5", headers["fraction"]);
        Assert.Equal("True", headers["yes"]);
        Assert.Null(Assert.Contains("nothing", delivery.Properties.Headers!));
        Assert.Equal("1" + new string('0', 400), headers["huge"]);
        // The property of that name takes text alone.
        Assert.Equal("7", headers["correlation-id"]);
    }
}
