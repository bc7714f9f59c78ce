using System.Net;
#if (!noSample)
using Microsoft.Extensions.DependencyInjection;
using OrderService.Database;
#else
using OrderService.Tests.Greetings;
#endif

namespace OrderService.Tests.Http;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ProblemTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Theory]
    [InlineData("/nothing/here", HttpStatusCode.NotFound)]
    [InlineData("/openapi/v2.json", HttpStatusCode.NotFound)]
#if (!noSample)
    [InlineData("/orders?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("/orders/not-an-id", HttpStatusCode.NotFound)]
#else
    [InlineData("/greetings", HttpStatusCode.MethodNotAllowed)]
#endif
    public async Task A_client_that_prefers_html_is_told_a_problem_all_the_same(string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/html");

        using var answer = await api.Service.Http.SendAsync(request);

        await answer.ProblemAsync(status);
    }

    [Fact]
    public async Task While_the_database_cannot_serve_it_is_told_so_too()
    {
        await using var service = await api.Arena.StartAsync("--Roles=api", $"--ConnectionStrings:Postgres={api.Arena.Arena.Postgres};Port=1");
        service.Http.DefaultRequestHeaders.Add("Accept", "text/html");

#if (!noSample)
        await ComeAgain.AsksAsync(() => service.Http.GetAsync("/orders"));
#else
        await ComeAgain.AsksAsync(() => service.AskAsync("""{"name":"Anna"}"""));
#endif
    }
#if (!noSample)

    [Fact]
    public async Task A_bug_is_told_as_a_problem_that_says_nothing_of_it()
    {
        await using var service = await api.Arena.StartAsync(
            services => services.AddScoped<OrdersDbContext>(_ => throw new InvalidOperationException("a bug")), "--Roles=api");

        using var answer = await service.Http.GetAsync("/orders");

        await answer.ProblemAsync(HttpStatusCode.InternalServerError);
        Assert.DoesNotContain("a bug", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
#endif
}
