using System.Text;

namespace Messaging;

/// <summary>Bounds of what AMQP 0-9-1 and the broker can carry.</summary>
internal static class WireBounds
{
    /// <summary>The longest <see cref="IsShortString"/>.</summary>
    public const int MaxShortStringBytes = 255;

    /// <summary>Headers travel in one frame; a frame above the negotiated 128 KiB closes the whole connection, so user
    /// headers stay well below it.</summary>
    public const int MaxHeaderBytes = 32 * 1024;

    /// <summary>How many user headers a message may have.</summary>
    public const int MaxHeaders = 32;

    /// <summary>Whether it can be an exchange's name, a routing key, a type, a message id or a header's name: AMQP's "short string".
    /// It may be empty.</summary>
    public static bool IsShortString(string text) => Utf8Length(text) <= MaxShortStringBytes;

    /// <summary>The number of bytes that <paramref name="text"/> takes on the wire.</summary>
    public static int Utf8Length(string text) => Encoding.UTF8.GetByteCount(text);
}
