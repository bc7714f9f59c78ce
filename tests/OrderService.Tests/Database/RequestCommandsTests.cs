using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OrderService.Database;

namespace OrderService.Tests.Database;

/// <summary>How long a command of a request may take follows from how long the request may.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class RequestCommandsTests(ServersFixture servers)
{
    // Longer than the commands of an endpoint that says nothing.
    private const int Slowness = 5;

    private static readonly TimeSpan Longer = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_endpoint_that_may_take_longer_has_commands_that_may_too()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync(
            services => services.Configure<RequestTimeoutOptions>(timeouts => timeouts.AddPolicy("longer", Longer)),
            routes =>
            {
                routes.MapGet("/by-time", SleepAsync).WithRequestTimeout(Longer);
                routes.MapGet("/by-policy", SleepAsync).WithRequestTimeout(new RequestTimeoutPolicy { Timeout = Longer });
                routes.MapGet("/by-name", SleepAsync).WithRequestTimeout("longer");
                routes.MapGet("/without-end", SleepAsync).DisableRequestTimeout();
            },
            "--Roles=api");

        var statuses = await Task.WhenAll(StatusAsync("/by-time"), StatusAsync("/by-policy"), StatusAsync("/by-name"), StatusAsync("/without-end"));

        Assert.All(statuses, status => Assert.Equal(HttpStatusCode.OK, status));

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var answer = await service.Http.GetAsync(path);
            return answer.StatusCode;
        }
    }

    private static async Task<IResult> SleepAsync(OrdersDbContext db, CancellationToken cancellationToken)
    {
        await db.Database.ExecuteSqlAsync($"SELECT pg_sleep({Slowness})", cancellationToken);
        return TypedResults.Ok();
    }
}
