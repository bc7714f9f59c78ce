using System.Net;

namespace OrderService.Tests.Http;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class BadQueryTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Theory]
    [InlineData("limit=0", "limit", "200")]
    [InlineData("limit=201", "limit", "200")]
    [InlineData("limit=-1", "limit", "200")]
    [InlineData("limit=1.5", "limit", "200")]
    [InlineData("limit=ten", "limit", "200")]
    [InlineData("limit=%31%20", "limit", "200")]
    [InlineData("limit=99999999999999999999", "limit", "200")]
    [InlineData("limit=1&limit=2", "limit", "200")]
    [InlineData("status=lost", "status", "confirmed")]
    [InlineData("status=Placed", "status", "placed")]
    [InlineData("status=1", "status", "placed")]
    [InlineData("after=x", "after", "next")]
    [InlineData("after=%00", "after", "next")]
    [InlineData("after=________________________________", "after", "next")]
    [InlineData("customerId=%00", "customerId", "64")]
    [InlineData("customerId=%20", "customerId", "64")]
    [InlineData("customerId=%E2%80%AE", "customerId", "64")]
    [InlineData("customerId=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "customerId", "64")]
    public async Task A_bad_query_parameter_is_named_with_its_bound(string query, string name, string bound)
    {
        using var answer = await api.Service.Http.GetAsync($"/orders?{query}");

        var errors = await answer.ProblemAsync(HttpStatusCode.BadRequest);
        Assert.Contains(bound, Assert.Contains(name, errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PUT", "/orders", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/orders/00000000-0000-0000-0000-000000000000", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/orders/x/cancel", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders/00000000-0000-0000-0000-00000000000g", HttpStatusCode.NotFound)]
    [InlineData("GET", "/order", HttpStatusCode.NotFound)]
    public async Task What_is_not_there_is_answered_with_a_problem(string method, string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await api.Service.Http.SendAsync(request);

        await answer.ProblemAsync(status);
    }
}
