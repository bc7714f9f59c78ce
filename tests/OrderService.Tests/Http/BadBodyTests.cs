using System.Net;
using System.Net.Sockets;
using System.Text;
using OrderService.Tests.Orders;

namespace OrderService.Tests.Http;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class BadBodyTests(RunningApi api) : IClassFixture<RunningApi>
{
    private static readonly Dictionary<string, BadBody> Rows = BadBodies.All.ToDictionary(row => row.Name);

    public static TheoryData<string> Names => [.. Rows.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_bad_request_is_refused_by_name_and_bound_and_leaves_no_row(string name)
    {
        var row = Rows[name];
        var before = await RowsAsync();
        using var answer = await SendAsync(row);

        var errors = await answer.ProblemAsync((HttpStatusCode)row.Status);
        Assert.Contains(row.Bound, Assert.Contains(row.Path, errors), StringComparison.Ordinal);
        Assert.Equal(before, await RowsAsync());
    }

    [Fact]
    public async Task One_answer_names_every_fault()
    {
        using var answer = await api.Service.PlaceAsync("""{"customerId":"","lines":[{"sku":"a","quantity":0,"unitPrice":-1},7]}""");

        var errors = await answer.ProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal(
            ["currency", "customerId", "lines[0].quantity", "lines[0].unitPrice", "lines[1]"], errors.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_thousand_bad_lines_get_an_answer_of_bounded_size()
    {
        using var answer = await api.Service.PlaceAsync(
            $$"""{"customerId":"anna","currency":"EUR","lines":[{{string.Join(',', Enumerable.Repeat("{}", 1000))}}]}""");

        Assert.Equal(100, (await answer.ProblemAsync(HttpStatusCode.BadRequest)).Count);
    }

    [Fact]
    public async Task A_body_that_breaks_the_protocol_is_refused()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, api.Service.Http.BaseAddress!.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk size\r\n"));

        using var reader = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 400", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    private async Task<(long Orders, long Messages, long Keys)> RowsAsync() => (
        await api.Arena.CountAsync("orders"), await api.Arena.CountAsync("outbox_message"), await api.Arena.CountAsync("idempotency_key"));

    private async Task<HttpResponseMessage> SendAsync(BadBody row)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = new ByteArrayContent(row.Body) };
        if (row.ContentType.Length > 0)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", row.ContentType);
        }

        if (row.ContentEncoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(row.ContentEncoding);
        }

        if (row.IdempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", row.IdempotencyKey);
        }

        return await api.Service.Http.SendAsync(request);
    }
}
