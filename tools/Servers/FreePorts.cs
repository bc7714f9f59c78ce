using System.Net;
using System.Net.Sockets;

namespace Servers;

/// <summary>Loopback ports that nobody listens on.</summary>
public static class FreePorts
{
    // Below the range from which the kernel gives ports to outgoing connections: while a broker is down, clients that
    // try to reconnect would otherwise sooner or later be given its very port, and it could not start again.
    private const int Lowest = 10_240;
    private const int Highest = 32_000;

    /// <summary>Finds <paramref name="count"/> different ports. They are free now; nothing keeps them so.</summary>
    public static int[] Find(int count)
    {
        List<TcpListener> listeners = [];
        try
        {
            while (listeners.Count < count)
            {
                var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(Lowest, Highest));
                try
                {
                    listener.Start();
                    listeners.Add(listener);
                }
                catch (SocketException)
                {
                    listener.Dispose();
                }
            }

            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }

    /// <summary>Whether nobody listens on the port of the loopback interface.</summary>
    public static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
