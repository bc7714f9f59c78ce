using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TestSupport;

/// <summary>A network between a service and a server that a test can take away: connections are refused, reset, or swallowed
/// by a black hole in either direction.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly string _host;
    private readonly int _target;
    private readonly Lock _lock = new();
    private readonly List<Link> _links = [];
    private TcpListener? _listener;
    private volatile string? _cutAfter;
    private volatile string? _silentAfter;
    private long _requestBytes;

    private TcpProxy(string host, int target) => (_host, _target) = (host, target);

    /// <summary>The loopback port that stands for the server.</summary>
    public int Port { get; private set; }

    /// <summary>Bytes from the client to the server are held back.</summary>
    public bool HoldsRequests { get; set; }

    /// <summary>Bytes from the server to the client are held back.</summary>
    public bool HoldsReplies { get; set; }

    /// <summary>A connection on which the client has sent this text gets no reply any more, for as long as this is set.</summary>
    public string? HoldsRepliesAfter { get; set; }

    /// <summary>How much later everything arrives, in both directions.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How long it takes until a connection is made.</summary>
    public TimeSpan ConnectDelay { get; set; }

    /// <summary>A connection on which the server sends this text is reset instead, each time.</summary>
    public string? ResetsAtReply { get; set; }

    /// <summary>How many connections were cut after the text that <see cref="CutReplyTo"/> waited for.</summary>
    public int Cuts { get; private set; }

    /// <summary>How many bytes clients have sent.</summary>
    public long RequestBytes => Volatile.Read(ref _requestBytes);

    /// <summary>How many connections were taken since the last reset.</summary>
    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _links.Count;
            }
        }
    }

    /// <summary>Starts to forward, or to refuse where <paramref name="refusing"/>.</summary>
    public static TcpProxy Start(string host, int port, bool refusing = false)
    {
        var proxy = new TcpProxy(host, port) { Port = Servers.FreePorts.Find(1)[0] };
        if (!refusing)
        {
            proxy.Accept();
        }

        return proxy;
    }

    /// <summary>Takes connections from now on.</summary>
    public void Accept()
    {
        var listener = _listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        _ = AcceptAsync(listener);
    }

    /// <summary>Refuses new connections and resets those there are, as a server that was killed.</summary>
    public void Refuse()
    {
        _listener?.Dispose();
        _listener = null;
        Reset();
    }

    /// <summary>Resets all connections; new ones are taken.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _links.ForEach(link => link.Reset());
            _links.Clear();
        }
    }

    /// <summary>Forwards the next request that contains <paramref name="text"/>, waits until the server has answered it, and
    /// resets the connection instead of passing the answer on. Once.</summary>
    public void CutReplyTo(string text) => _cutAfter = text;

    /// <summary>Forwards the next request that contains <paramref name="text"/>, and nothing of the server's to its connection from then on, not
    /// even its end. Once; other connections are not concerned.</summary>
    public void SilenceAfter(string text) => _silentAfter = text;

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        Refuse();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            try
            {
                _ = LinkAsync(await listener.AcceptSocketAsync());
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
            {
                if (listener != _listener)
                {
                    return;
                }
            }
        }
    }

    private async Task LinkAsync(Socket client)
    {
        if (ConnectDelay > TimeSpan.Zero)
        {
            await Task.Delay(ConnectDelay);
        }

        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(_host, _target);
        }
        catch (SocketException)
        {
            client.Dispose();
            server.Dispose();
            return;
        }

        var link = new Link(client, server);
        lock (_lock)
        {
            _links.Add(link);
        }

        _ = PumpAsync(link, client, server, () => HoldsRequests);
        _ = PumpAsync(link, server, client, () => HoldsReplies);
    }

    private async Task PumpAsync(Link link, Socket from, Socket to, Func<bool> held)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                if (from == link.Client)
                {
                    Interlocked.Add(ref _requestBytes, count);
                }

                if (_cutAfter is { } text && from == link.Client && Contains(buffer.AsSpan(0, count), text))
                {
                    _cutAfter = null;
                    link.IsCut = true;
                }

                if (_silentAfter is { } lastHeard && from == link.Client && Contains(buffer.AsSpan(0, count), lastHeard))
                {
                    _silentAfter = null;
                    link.IsSilent = true;
                }

                if (ResetsAtReply is { } fatal && from != link.Client && Contains(buffer.AsSpan(0, count), fatal))
                {
                    break;
                }

                if (HoldsRepliesAfter is { } last && from == link.Client && Contains(buffer.AsSpan(0, count), last))
                {
                    link.IsHeld = true;
                }

                if (link.IsSilent && from != link.Client)
                {
                    continue;
                }

                while (held() || (HoldsRepliesAfter is not null && link.IsHeld && from != link.Client))
                {
                    await Task.Delay(10);
                }

                if (Delay > TimeSpan.Zero)
                {
                    await Task.Delay(Delay);
                }

                if (link.IsCut && from != link.Client)
                {
                    Cuts++;
                    break;
                }

                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }

        if (!link.IsSilent || from == link.Client)
        {
            link.Reset();
        }
    }

    private static bool Contains(ReadOnlySpan<byte> bytes, string text) => bytes.IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;

    private sealed class Link(Socket client, Socket server)
    {
        public Socket Client => client;

        public bool IsCut { get; set; }

        public bool IsHeld { get; set; }

        public bool IsSilent { get; set; }

        public void Reset()
        {
            // Linger of zero: the peer gets a reset, not an orderly end.
            foreach (var socket in (Socket[])[client, server])
            {
                try
                {
                    socket.LingerState = new LingerOption(true, 0);
                    socket.Dispose();
                }
                catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
                {
                }
            }
        }
    }
}
