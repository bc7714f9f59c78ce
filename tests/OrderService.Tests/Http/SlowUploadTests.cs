using System.Net;
using System.Net.Sockets;
using System.Text;
#if (!noSample)
using OrderService.Tests.Orders;
#else
using OrderService.Tests.Greetings;
#endif
using Servers;

namespace OrderService.Tests.Http;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SlowUploadTests(RunningApi api) : IClassFixture<RunningApi>
{
    // Longer than a request may work.
    private static readonly TimeSpan Slowness = TimeSpan.FromSeconds(4);

#if (!noSample)
    private const string Path = "/orders";
    private const string Table = "orders";
    private const string Body = """{"customerId":"slow","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}""";
#else
    private const string Path = "/greetings";
    private const string Table = "greeting";
    private const string Body = """{"name":"a name of some length"}""";
#endif

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_takes_its_time_to_send_a_request_has_it_answered(bool chunked)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, api.Service.Http.BaseAddress!.Port);
        var stream = client.GetStream();
        var (first, second) = (Body[..20], Body[20..]);
        var length = chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Body.Length}";
        await SendAsync($"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n");
        await SendAsync(chunked ? $"{first.Length:x}\r\n{first}\r\n" : first);
        await Task.Delay(Slowness);
        await SendAsync(chunked ? $"{second.Length:x}\r\n{second}\r\n0\r\n\r\n" : second);

        using var reader = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 201", await reader.ReadLineAsync(), StringComparison.Ordinal);

        async Task SendAsync(string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
    }

    [Fact]
    public async Task One_that_is_not_done_when_the_service_is_told_to_stop_does_not_hold_it_up()
    {
        await using var service = await ServiceProcess.StartAsync(api.Arena);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, service.Http.BaseAddress!.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\nExpect: 100-continue\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        // Now the service waits for the body.
        Assert.StartsWith("HTTP/1.1 100", await reader.ReadLineAsync(), StringComparison.Ordinal);
        await reader.ReadLineAsync();

        service.Send(Signal.Terminate);

        Assert.StartsWith("HTTP/1.1 503", await reader.ReadLineAsync(), StringComparison.Ordinal);
        await service.ExitsAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task One_that_goes_away_in_the_middle_leaves_nothing_behind()
    {
        var before = await api.Arena.CountAsync(Table);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, api.Service.Http.BaseAddress!.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST {Path} HTTP/1.1\r\nHost: gone\r\nContent-Type: application/json\r\nContent-Length: {Body.Length + 1}\r\n\r\n{Body}"));
        }

        await Eventually.IsTrueAsync(
            () => api.Service.Log.All.Any(line =>
                line.Contains("Request finished", StringComparison.Ordinal) && line.Contains($"http://gone{Path}", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(20), "the request has ended");
        Assert.Equal(before, await api.Arena.CountAsync(Table));
#if (!noSample)
        using var answer = await api.Service.PlaceAsync(Body);
#else
        using var answer = await api.Service.AskAsync(Body);
#endif
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(before + 1, await api.Arena.CountAsync(Table));
        Assert.DoesNotContain(api.Service.Log.All, line => line.Contains("unhandled", StringComparison.OrdinalIgnoreCase));
    }
}
