using System.Net;
using System.Net.Sockets;
using System.Text;
using OrderService.Tests.Orders;
using Servers;

namespace OrderService.Tests.Http;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SlowUploadTests(RunningApi api) : IClassFixture<RunningApi>
{
    // Longer than a request may work.
    private static readonly TimeSpan Slowness = TimeSpan.FromSeconds(4);

    private const string Body = """{"customerId":"slow","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_takes_its_time_to_send_an_order_has_it_placed(bool chunked)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, api.Service.Http.BaseAddress!.Port);
        var stream = client.GetStream();
        var (first, second) = (Body[..20], Body[20..]);
        var length = chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Body.Length}";
        await SendAsync($"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n");
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
            $"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\nExpect: 100-continue\r\n\r\n"));
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
    public async Task One_that_goes_away_in_the_middle_leaves_no_order()
    {
        var before = await api.Arena.CountAsync("orders");
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, api.Service.Http.BaseAddress!.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length + 1}\r\n\r\n{Body}"));
        }

        using var answer = await api.Service.PlaceAsync(Body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(before + 1, await api.Arena.CountAsync("orders"));
        Assert.DoesNotContain(api.Service.Log.All, line => line.Contains("unhandled", StringComparison.OrdinalIgnoreCase));
    }
}
