using Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Inbox;

/// <summary>What the client can put on the wire. It can read more than that: bytes that are no UTF-8 become three each, and a table may
/// hold what it has no writer for. A publish that it fails over breaks the connection, for everybody who publishes on it.</summary>
internal static class WritableProperties
{
    // For the rest of the frame, and for the trace context that the client adds to the headers.
    private const int FrameReserve = 1024;

    /// <returns>Null where it is too long.</returns>
    public static string? ShortString(string? text) =>
        text is not null && WireBounds.IsShortString(text) ? text : null;

    /// <summary>Whether it can be written, with all that is nested in it.</summary>
    public static bool CanWrite(KeyValuePair<string, object?> header)
    {
        try
        {
            IAmqpWriteable alone = new BasicProperties { Headers = new Dictionary<string, object?> { [header.Key] = header.Value } };
            alone.WriteTo(new byte[alone.GetRequiredBufferSize()]);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or WireFormattingException)
        {
            return false;
        }
    }

    /// <summary>Whether they fit into a frame of <paramref name="maxFrameBytes"/>, 0 for no bound. The broker ends the connection over
    /// a longer one.</summary>
    public static bool FitInto(uint maxFrameBytes, BasicProperties properties) =>
        maxFrameBytes == 0 || ((IAmqpWriteable)properties).GetRequiredBufferSize() + FrameReserve <= maxFrameBytes;
}
