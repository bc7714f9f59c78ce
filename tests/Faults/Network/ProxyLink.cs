using System.Net.Sockets;

namespace Faults;

/// <summary>One connection through a proxy.</summary>
internal sealed class ProxyLink(TcpProxy proxy, Socket client, Socket server)
{
    private static readonly TimeSpan HeldLook = TimeSpan.FromMilliseconds(10);
    private static readonly byte[] Commit = "COMMIT\0"u8.ToArray();

    private readonly AmqpConfirmFilter? _confirms = proxy.Protocol == Protocol.Amqp ? new AmqpConfirmFilter() : null;
    private long _bytesLeft = long.MaxValue;
    private volatile bool _cutsReply;

    /// <summary>Completes when one side has ended.</summary>
    public Task RunAsync() => Task.WhenAny(
        PumpAsync(client, server, () => proxy.HoldsRequests, Request),
        PumpAsync(server, client, () => proxy.HoldsReplies, Reply));

    public void CutAfter(long bytes) => Interlocked.Exchange(ref _bytesLeft, bytes);

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

    private async Task PumpAsync(Socket from, Socket to, Func<bool> held, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?> pass)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                while (held())
                {
                    await Task.Delay(HeldLook);
                }

                await LingerAsync(count);
                if (pass(buffer.AsMemory(0, count)) is not { } piece)
                {
                    return;
                }

                var left = Interlocked.Add(ref _bytesLeft, -piece.Length);
                await SendAsync(to, left >= 0 ? piece : piece[..(int)Math.Max(0, piece.Length + left)]);
                if (left <= 0)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }

    private Task LingerAsync(int bytes)
    {
        var wait = proxy.Delay;
        if (proxy.BytesPerSecond is > 0 and var rate)
        {
            wait += TimeSpan.FromSeconds((double)bytes / rate);
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait) : Task.CompletedTask;
    }

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            piece = piece[await to.SendAsync(piece)..];
        }
    }

    private ReadOnlyMemory<byte>? Request(ReadOnlyMemory<byte> piece)
    {
        if (proxy.Protocol == Protocol.Postgres && piece.Span.IndexOf(Commit) >= 0 && proxy.TakeCommitReplyToCut())
        {
            _cutsReply = true;
        }

        return piece;
    }

    private ReadOnlyMemory<byte>? Reply(ReadOnlyMemory<byte> piece)
    {
        if (_cutsReply)
        {
            // It proves that the server has done what it was asked.
            return null;
        }

        return _confirms?.Pass(piece, proxy.DropsConfirms, proxy.ConfirmDropped) ?? piece;
    }
}
