using System.Net;

namespace OrderService.Tests.Greetings;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class AskForGreetingTests(ServersFixture servers)
{
    [Fact]
    public async Task A_greeting_is_stored_together_with_its_message()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");

        using var answer = await service.AskAsync("""{"name":"Zoë"}""");

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var id = (await answer.JsonAsync()).GetProperty("id").GetGuid();
        Assert.Equal("Zoë", await arena.Arena.ScalarAsync<string>("SELECT name FROM greeting WHERE id = $1", id));
        Assert.Equal(id.ToString(), await arena.Arena.ScalarAsync<string>(
            "SELECT convert_from(body, 'UTF8')::jsonb ->> 'greetingId' FROM outbox_message WHERE type = 'orders.greeting-asked.v1' AND exchange = 'orders.events'"));
    }

    [Theory]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":7}""", "name")]
    [InlineData("""{"name":"\u0007"}""", "name")]
    [InlineData("""{"name":"\ud800"}""", "name")]
    [InlineData("""{"name":"Anna","name":"Bert"}""", "name")]
    [InlineData("""{"name":"Anna","other":{"x":1,"x":1}}""", "other.x")]
    [InlineData("""{"name":"Anna"}{}""", "$")]
    [InlineData("""{}""", "name")]
    [InlineData("""[]""", "$")]
    [InlineData("", "$")]
    public async Task A_bad_request_is_refused_by_field_and_leaves_no_row(string body, string field)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");

        using var answer = await service.AskAsync(body);

        Assert.Contains(field, await answer.ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal(0, await arena.CountAsync("greeting"));
        Assert.Equal(0, await arena.CountAsync("outbox_message"));
    }
}
