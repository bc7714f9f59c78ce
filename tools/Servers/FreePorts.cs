using System.Globalization;
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

    // A server takes seconds to listen on its port. A file for each that is locked as long as this process lives keeps others that look for
    // one by this class from it.
    private static readonly string Locks = Path.Combine(Path.GetTempPath(), $"ports-of-{Environment.UserName}");
    private static readonly List<FileStream> Kept = [];

    /// <summary>Finds <paramref name="count"/> different ports. They are free now, and nobody else who asks here is given them before this
    /// process ends.</summary>
    public static int[] Find(int count)
    {
        List<TcpListener> listeners = [];
        try
        {
            while (listeners.Count < count)
            {
                var port = Random.Shared.Next(Lowest, Highest);
                var listener = new TcpListener(IPAddress.Loopback, port);
                if (Refusal(listener) is null && TryKeep(port))
                {
                    listeners.Add(listener);
                }
                else
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
    public static bool IsFree(int port) => Refusal(port) is null;

    /// <summary>Why this process cannot listen on the port of the loopback interface; null where it can.</summary>
    internal static SocketError? Refusal(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        return Refusal(listener);
    }

    private static SocketError? Refusal(TcpListener listener)
    {
        try
        {
            listener.Start();
            return null;
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode;
        }
    }

    private static bool TryKeep(int port)
    {
        Directory.CreateDirectory(Locks);
        if (LockedFile.TryTake(Path.Combine(Locks, port.ToString(CultureInfo.InvariantCulture))) is not { } file)
        {
            return false;
        }

        lock (Kept)
        {
            Kept.Add(file);
        }

        return true;
    }
}
