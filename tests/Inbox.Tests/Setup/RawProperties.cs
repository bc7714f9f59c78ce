using System.Buffers.Binary;
using RabbitMQ.Client;

namespace Inbox.Tests;

/// <summary>Properties whose message_id, correlation_id and header name are bytes that no text of the client's becomes, as another
/// producer may send them. Not to be published with the client's own tracking of confirms, which makes a copy of them.</summary>
internal sealed class RawProperties(byte[] shortString, byte[] header) : IReadOnlyBasicProperties, IAmqpHeader
{
    // From the highest bit: content_type, content_encoding, headers, delivery_mode, priority, correlation_id, reply_to,
    // expiration, message_id.
    private const ushort Flags = (1 << 13) | (1 << 12) | (1 << 10) | (1 << 7);

    // What the client asks for while it publishes.
    private readonly BasicProperties _none = new();

    public string? AppId => _none.AppId;

    public string? ClusterId => _none.ClusterId;

    public string? ContentEncoding => _none.ContentEncoding;

    public string? ContentType => _none.ContentType;

    public string? CorrelationId => _none.CorrelationId;

    public DeliveryModes DeliveryMode => _none.DeliveryMode;

    public string? Expiration => _none.Expiration;

    public IDictionary<string, object?>? Headers => _none.Headers;

    public string? MessageId => _none.MessageId;

    public bool Persistent => _none.Persistent;

    public byte Priority => _none.Priority;

    public string? ReplyTo => _none.ReplyTo;

    public PublicationAddress? ReplyToAddress => _none.ReplyToAddress;

    public AmqpTimestamp Timestamp => _none.Timestamp;

    public string? Type => _none.Type;

    public string? UserId => _none.UserId;

    public bool IsAppIdPresent() => _none.IsAppIdPresent();

    public bool IsClusterIdPresent() => _none.IsClusterIdPresent();

    public bool IsContentEncodingPresent() => _none.IsContentEncodingPresent();

    public bool IsContentTypePresent() => _none.IsContentTypePresent();

    public bool IsCorrelationIdPresent() => _none.IsCorrelationIdPresent();

    public bool IsDeliveryModePresent() => _none.IsDeliveryModePresent();

    public bool IsExpirationPresent() => _none.IsExpirationPresent();

    public bool IsHeadersPresent() => _none.IsHeadersPresent();

    public bool IsMessageIdPresent() => _none.IsMessageIdPresent();

    public bool IsPriorityPresent() => _none.IsPriorityPresent();

    public bool IsReplyToPresent() => _none.IsReplyToPresent();

    public bool IsTimestampPresent() => _none.IsTimestampPresent();

    public bool IsTypePresent() => _none.IsTypePresent();

    public bool IsUserIdPresent() => _none.IsUserIdPresent();

    ushort IAmqpHeader.ProtocolClassId => 60;

    int IAmqpWriteable.GetRequiredBufferSize() => Bytes().Length;

    int IAmqpWriteable.WriteTo(Span<byte> span)
    {
        var bytes = Bytes();
        bytes.CopyTo(span);
        return bytes.Length;
    }

    private byte[] Bytes()
    {
        byte[] text = [(byte)shortString.Length, .. shortString];
        // Its value is nothing.
        byte[] table = [(byte)header.Length, .. header, (byte)'V'];
        var head = new byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(head, Flags);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(2), table.Length);
        return [.. head, .. table, (byte)DeliveryModes.Persistent, .. text, .. text];
    }
}
