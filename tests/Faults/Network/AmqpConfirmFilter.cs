using System.Buffers.Binary;

namespace Faults;

/// <summary>Follows the frames that a broker sends on one connection, and takes publisher confirms out where told to. A
/// filter must see the connection from its first byte: only so does it know where frames begin.</summary>
internal sealed class AmqpConfirmFilter
{
    // type (1), channel (2), size (4), payload, end (1)
    private const int HeaderBytes = 7;
    private const int EndBytes = 1;
    private const byte MethodFrame = 1;
    private const ushort BasicClass = 60;
    private const ushort AckMethod = 80;
    private const ushort NackMethod = 120;

    private byte[] _pending = new byte[16 * 1024];
    private int _count;

    /// <summary>Takes in what has arrived and returns the whole frames that may go on.</summary>
    public ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> arrived, bool drop, Action dropped)
    {
        if (_count == 0 && !drop && EndsWithFrame(arrived.Span))
        {
            return arrived;
        }

        Append(arrived.Span);
        var passed = new MemoryStream(_count);
        var at = 0;
        while (FrameLength(_pending.AsSpan(at, _count - at)) is { } length && at + length <= _count)
        {
            var frame = _pending.AsSpan(at, length);
            if (drop && IsConfirm(frame))
            {
                dropped();
            }
            else
            {
                passed.Write(frame);
            }

            at += length;
        }

        _pending.AsSpan(at, _count - at).CopyTo(_pending);
        _count -= at;
        return passed.ToArray();
    }

    private static bool EndsWithFrame(ReadOnlySpan<byte> bytes)
    {
        while (FrameLength(bytes) is { } length && length <= bytes.Length)
        {
            bytes = bytes[length..];
        }

        return bytes.IsEmpty;
    }

    private static int? FrameLength(ReadOnlySpan<byte> bytes) => bytes.Length < HeaderBytes
        ? null
        : HeaderBytes + (int)BinaryPrimitives.ReadUInt32BigEndian(bytes[3..]) + EndBytes;

    // A broker acks or nacks to a client only as a confirm.
    private static bool IsConfirm(ReadOnlySpan<byte> frame) =>
        frame[0] == MethodFrame && frame.Length >= HeaderBytes + 4
        && BinaryPrimitives.ReadUInt16BigEndian(frame[HeaderBytes..]) == BasicClass
        && BinaryPrimitives.ReadUInt16BigEndian(frame[(HeaderBytes + 2)..]) is AckMethod or NackMethod;

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_count + bytes.Length > _pending.Length)
        {
            Array.Resize(ref _pending, Math.Max(_pending.Length * 2, _count + bytes.Length));
        }

        bytes.CopyTo(_pending.AsSpan(_count));
        _count += bytes.Length;
    }
}
