using System.Buffers.Binary;
using System.Buffers.Text;

namespace OrderService.Orders.Reading;

/// <summary>Where a page of orders ended. Clients give it back as they got it.</summary>
internal readonly record struct OrderCursor(DateTimeOffset PlacedAt, Guid Id)
{
    private const int MomentBytes = 8;
    private const int Bytes = MomentBytes + 16;

    /// <summary>The cursor of a text that <see cref="ToString"/> has made; false for any other.</summary>
    public static bool TryParse(string text, out OrderCursor cursor)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        cursor = default;
        if (!Base64Url.IsValid(text, out var length) || length != Bytes || !Base64Url.TryDecodeFromChars(text, bytes, out _))
        {
            return false;
        }

        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (ticks < DateTimeOffset.MinValue.Ticks || ticks > DateTimeOffset.MaxValue.Ticks)
        {
            return false;
        }

        cursor = new OrderCursor(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[MomentBytes..], bigEndian: true));
        return true;
    }

    /// <summary>Letters, digits, - and _.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, PlacedAt.UtcTicks);
        Id.TryWriteBytes(bytes[MomentBytes..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }
}
