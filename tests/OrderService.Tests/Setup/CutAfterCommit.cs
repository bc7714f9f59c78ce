using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace OrderService.Tests;

/// <summary>Stands between the service and PostgreSQL. Once armed, it forwards the next COMMIT and then cuts that connection,
/// so that the server commits and the client never learns of it.</summary>
public sealed class CutAfterCommit : IAsyncDisposable
{
    private static readonly byte[] Commit = "COMMIT\0"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _host;
    private readonly int _port;
    private int _armed;

    public CutAfterCommit(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>Cut after the next COMMIT.</summary>
    public void Arm() => Interlocked.Exchange(ref _armed, 1);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            await server.ConnectAsync(_host, _port);
            client.NoDelay = server.NoDelay = true;
            var cut = new StrongBox<bool>();
            await Task.WhenAny(
                ForwardAsync(client.GetStream(), server.GetStream(), cut), AnswerAsync(server.GetStream(), client.GetStream(), cut));
        }
    }

    private async Task ForwardAsync(NetworkStream client, NetworkStream server, StrongBox<bool> cut)
    {
        var buffer = new byte[64 * 1024];
        while (await client.ReadAsync(buffer) is var read and > 0)
        {
            if (buffer.AsSpan(0, read).IndexOf(Commit) >= 0 && Interlocked.Exchange(ref _armed, 0) == 1)
            {
                cut.Value = true;
                Cuts++;
            }

            await server.WriteAsync(buffer.AsMemory(0, read));
        }
    }

    // The answer proves that the server has committed; the client, which waits for it, gets the end of the connection.
    private static async Task AnswerAsync(NetworkStream server, NetworkStream client, StrongBox<bool> cut)
    {
        var buffer = new byte[64 * 1024];
        while (await server.ReadAsync(buffer) is var read and > 0 && !cut.Value)
        {
            await client.WriteAsync(buffer.AsMemory(0, read));
        }
    }
}
