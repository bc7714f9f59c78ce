using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;

namespace OrderService.Tests.Operations;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class OpsGateTests(ServersFixture servers)
{
    private const string Token = "0123456789abcdef";

    [Theory]
    [InlineData(null)]
    [InlineData(Token)]
    [InlineData("another token of length")]
    public async Task Without_a_configured_token_nothing_is_there(string? token)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await StartAsync(arena, "--environment=Production");

        using var answer = await AskAsync(service, token);

        await answer.ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task In_development_it_is_there_without_one()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await StartAsync(arena, "--environment=Development");

        using var answer = await AskAsync(service, token: null);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task With_a_configured_token_only_that_token_opens(string environment)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await StartAsync(arena, $"--environment={environment}", $"--Operations:Token={Token}");

        foreach (var token in new[] { null, Token[..^1], Token + "0", Token.ToUpperInvariant() })
        {
            using var refused = await AskAsync(service, token);
            await refused.ProblemAsync(HttpStatusCode.Unauthorized);
            Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.Single().Scheme);
        }

        using var answer = await AskAsync(service, Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    // Where nothing is mapped, routing alone would answer with 404, gate or not.
    private static Task<ServiceUnderTest> StartAsync(ServiceArena arena, params string[] settings) =>
        arena.StartAsync(_ => { }, routes => routes.MapGet("/ops/anything", () => "open"), ["--Roles=api", .. settings]);

    private static async Task<HttpResponseMessage> AskAsync(ServiceUnderTest service, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/ops/anything");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await service.Http.SendAsync(request);
    }
}
