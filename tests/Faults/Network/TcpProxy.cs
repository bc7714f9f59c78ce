using System.Net;
using System.Net.Sockets;
using Servers;

namespace Faults;

/// <summary>What a proxy carries, for the faults that need to know.</summary>
internal enum Protocol
{
    Postgres,
    Amqp,
}

/// <summary>A network between one process of the service and one server, with a switch for everything that networks do. Where
/// the server has several nodes, a connection goes to the first that takes it, as a load balancer would do.</summary>
internal sealed class TcpProxy(Protocol protocol, IReadOnlyList<int> targets) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<ProxyLink> _links = [];
    private TcpListener? _listener;
    private int _commitRepliesToCut;
    private int _commitRepliesCut;
    private int _confirmsDropped;

    /// <summary>The loopback port that stands for the server.</summary>
    public int Port { get; } = FreePorts.Find(1)[0];

    public Protocol Protocol => protocol;

    /// <summary>Bytes from the client to the server are held back.</summary>
    public bool HoldsRequests { get; set; }

    /// <summary>Bytes from the server to the client are held back.</summary>
    public bool HoldsReplies { get; set; }

    /// <summary>How much later each piece arrives.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How many bytes a second each connection carries in each direction; 0 for no bound.</summary>
    public int BytesPerSecond { get; set; }

    /// <summary>The broker's confirms are taken out of the stream; everything else passes.</summary>
    public bool DropsConfirms { get; set; }

    /// <summary>How many connections were cut between a COMMIT and its reply.</summary>
    public int CommitRepliesCut => Volatile.Read(ref _commitRepliesCut);

    public int ConfirmsDropped => Volatile.Read(ref _confirmsDropped);

    /// <summary>Takes connections from now on.</summary>
    public void Accept()
    {
        if (_listener is null)
        {
            var listener = _listener = new TcpListener(IPAddress.Loopback, Port);
            listener.Start();
            _ = AcceptAsync(listener);
        }
    }

    /// <summary>Refuses new connections and resets those there are.</summary>
    public void Refuse()
    {
        _listener?.Dispose();
        _listener = null;
        Reset();
    }

    /// <summary>Resets all connections; new ones are taken.</summary>
    public void Reset()
    {
        foreach (var link in TakeLinks(forGood: true))
        {
            link.Reset();
        }
    }

    /// <summary>Each connection of now is reset once it has carried so many more bytes, in the middle of whatever they are.</summary>
    public void CutAfter(long bytes)
    {
        foreach (var link in TakeLinks(forGood: false))
        {
            link.CutAfter(bytes);
        }
    }

    /// <summary>Forwards the next so many COMMITs, waits until the server has answered, and resets the connection instead of
    /// passing the answer on.</summary>
    public void CutCommitReplies(int count) => Interlocked.Exchange(ref _commitRepliesToCut, count);

    /// <summary>Everything works again.</summary>
    public void Heal()
    {
        HoldsRequests = HoldsReplies = DropsConfirms = false;
        Delay = TimeSpan.Zero;
        BytesPerSecond = 0;
        CutCommitReplies(0);
        Accept();
    }

    public ValueTask DisposeAsync()
    {
        Refuse();
        return ValueTask.CompletedTask;
    }

    internal bool TakeCommitReplyToCut()
    {
        if (Volatile.Read(ref _commitRepliesToCut) <= 0 || Interlocked.Decrement(ref _commitRepliesToCut) < 0)
        {
            return false;
        }

        Interlocked.Increment(ref _commitRepliesCut);
        return true;
    }

    internal void ConfirmDropped() => Interlocked.Increment(ref _confirmsDropped);

    private ProxyLink[] TakeLinks(bool forGood)
    {
        lock (_lock)
        {
            ProxyLink[] links = [.. _links];
            if (forGood)
            {
                _links.Clear();
            }

            return links;
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync();
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
            {
                return;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        client.NoDelay = true;
        ProxyLink? link = null;
        try
        {
            link = new ProxyLink(this, client, await ConnectAsync());
            lock (_lock)
            {
                _links.Add(link);
            }

            await link.RunAsync();
        }
        catch (SocketException)
        {
            // The server is not there: the client sees a connection that ends before anything was said.
            client.Dispose();
        }

        if (link is not null)
        {
            link.Reset();
            lock (_lock)
            {
                _links.Remove(link);
            }
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        for (var next = 0; ; next++)
        {
            var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, targets[next]);
                return server;
            }
            catch (SocketException)
            {
                server.Dispose();
                if (next == targets.Count - 1)
                {
                    throw;
                }
            }
        }
    }
}
