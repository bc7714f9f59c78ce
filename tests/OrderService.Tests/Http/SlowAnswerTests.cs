using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using OrderService.Tests.Orders;

namespace OrderService.Tests.Http;

/// <summary>The deadline is for the work: what it has made is written however long that takes.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SlowAnswerTests(ServersFixture servers)
{
    private const int Lines = 1_000;
    private const int Orders = 80;

    // Longer than a request may work.
    private static readonly TimeSpan Slowness = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task An_answer_that_is_written_after_the_deadline_is_whole()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        await arena.Arena.ExecuteAsync(
            $"""
            CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep({Slowness.TotalSeconds}); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION be_slow()
            """);
        var lines = Enumerable.Repeat("""{"sku":"sku-1","quantity":2,"unitPrice":9.90}""", Lines);

        using var answer = await service.PlaceAsync($$"""{"customerId":"anna","currency":"EUR","lines":[{{string.Join(',', lines)}}]}""");

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(Lines, (await answer.JsonAsync()).GetProperty("lines").GetArrayLength());
    }

    [Fact]
    public async Task A_client_that_takes_its_time_to_read_a_page_gets_the_whole_of_it()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        // 8 MB, more than the sockets on both sides hold.
        await arena.Arena.ExecuteAsync(
            $"""
            INSERT INTO orders (id, customer_id, currency, status, total, placed_at, version)
            SELECT gen_random_uuid(), 'anna', 'EUR', 'placed', 1, now(), 1 FROM generate_series(1, {Orders});
            INSERT INTO order_line (order_id, line, sku, quantity, unit_price) SELECT id, 1, repeat('x', 100000), 1, 1 FROM orders
            """);
        // The first request of a service takes longer than others.
        (await service.Http.GetAsync("/orders?limit=1")).Dispose();
        using var slow = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = service.Http.BaseAddress };

        using var answer = await slow.GetAsync($"/orders?limit={Orders}", HttpCompletionOption.ResponseHeadersRead);
        await Task.Delay(Slowness);

        var page = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(Orders, page.GetProperty("items").GetArrayLength());
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 65_536 };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
