namespace Outbox.Tests.Reading;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class PageSizeTests(ServersFixture servers)
{
    private const int Rows = 24;

    [Theory]
    [InlineData("body", "convert_to(repeat('y', 4000000), 'UTF8')")]
    [InlineData("body, headers", "'', jsonb_build_object('x', repeat('y', 2000000))")]
    [InlineData("body, trace_parent", "'', repeat('y', 2000000)")]
    public async Task A_page_holds_no_more_large_rows_than_fit_into_memory_whatever_is_large_of_them(string columns, string values)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync($"INSERT INTO outbox_message (exchange, routing_key, type, {columns}) SELECT 'e', 'r', 't', {values} FROM generate_series(1, {Rows})");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        List<int> pages = [];
        while (pages.Sum() < Rows && pages.Count < Rows)
        {
            await reader.ReadAsync();
            var ids = reader.TakeAll().Select(row => row.Id).ToArray();
            reader.Lookahead.Marked(ids);
            pages.Add(ids.Length);
        }

        Assert.Equal(Rows, pages.Sum());
        Assert.All(pages, page => Assert.InRange(page, 1, 9));
    }
}
