using System.Net.Sockets;
using RabbitMQ.Client;

namespace Messaging;

/// <summary>A connection to the broker that ends in bounded time. The client's own close waits for an answer that a dead peer never
/// gives, and for a last write that does not end while the broker reads nothing.</summary>
/// <param name="client">Ended here and nowhere else.</param>
/// <param name="socket">The one below it.</param>
internal sealed class BrokerConnection(IConnection client, Socket socket) : IAsyncDisposable
{
    private static readonly TimeSpan Politeness = TimeSpan.FromSeconds(1);

    /// <summary>For everything but its end.</summary>
    public IConnection Client => client;

    /// <summary>Ends it, whatever state it is in, within a few seconds. What is in flight on it stays unsettled. It never throws.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync(() => client.AbortAsync(Constants.ReplySuccess, "closing", Politeness));
        socket.Dispose();
        await EndAsync(() => client.DisposeAsync().AsTask());
    }

    private static async Task EndAsync(Func<Task> end)
    {
        try
        {
            await end().WaitAsync(Politeness);
        }
        catch (Exception)
        {
            // Nothing to report: what was in flight is unsettled in any case.
        }
    }
}
