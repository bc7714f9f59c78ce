using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Messaging;
using RabbitMQ.Client;

namespace Outbox.Relay;

/// <summary>What travels beside the body. A row that no broker could carry is refused here: a header frame that is too long
/// closes the whole connection, a body that is too large the channel, and either takes its neighbours down.</summary>
internal static class MessageEnvelope
{
    // The frame's own bytes, property flags and the other properties of at most 255 bytes each share the frame with the headers.
    private const int FrameReserve = 4 * 1024;

    /// <summary>Makes the properties of <paramref name="row"/>; fresh ones each time, since the client adds to them.</summary>
    /// <returns>False, with the reason in <paramref name="refusal"/>, if the row cannot be published.</returns>
    public static bool TryMake(
        OutboxRow row, string appId, uint maxFrameBytes, [NotNullWhen(true)] out BasicProperties? properties, [NotNullWhen(false)] out string? refusal)
    {
        properties = null;
        refusal = TooLong("exchange", row.Exchange) ?? TooLong("routing_key", row.RoutingKey) ?? TooLong("type", row.Type)
            ?? TooLong("content_type", row.ContentType);
        if (refusal is not null)
        {
            return false;
        }

        var made = new BasicProperties
        {
            MessageId = row.MessageId.ToString(),
            Type = row.Type,
            ContentType = row.ContentType,
            Timestamp = new AmqpTimestamp(new DateTimeOffset(row.CreatedAt).ToUnixTimeSeconds()),
            AppId = appId,
            Persistent = true,
        };

        var headers = new Dictionary<string, object?>(capacity: 2, StringComparer.Ordinal);
        if (row.Headers is not null)
        {
            try
            {
                refusal = ReadHeaders(row.Headers, headers);
            }
            catch (JsonException exception)
            {
                // jsonb holds what this reader does not take, such as arrays a thousand deep.
                refusal = $"headers cannot be read: {exception.Message}";
            }
        }

        if (headers.GetValueOrDefault(MessageHeaders.CorrelationId) is string correlation)
        {
            // The property holds text alone: another writer's number stays the header that it is.
            headers.Remove(MessageHeaders.CorrelationId);
            made.CorrelationId = correlation;
            refusal ??= TooLong("headers." + MessageHeaders.CorrelationId, correlation);
        }

        if (row.Key is not null)
        {
            headers[MessageHeaders.Key] = row.Key;
        }

        if (row.TraceParent is not null)
        {
            headers[MessageHeaders.TraceParent] = row.TraceParent;
        }

        var bytes = BytesOf(headers);
        var bound = (maxFrameBytes == 0 ? 128 * 1024 : maxFrameBytes) - FrameReserve;
        refusal ??= bytes > bound ? $"headers and key have {bytes} bytes; the broker's frame leaves {bound} for them." : null;
        if (refusal is not null)
        {
            return false;
        }

        made.Headers = headers;
        properties = made;
        return true;
    }

    /// <summary>An upper bound of what they take in the frame.</summary>
    private static int BytesOf(Dictionary<string, object?> headers)
    {
        var bytes = 0;
        foreach (var (name, value) in headers)
        {
            bytes += WireBounds.Utf8Length(name) + 16 + (value is string text ? WireBounds.Utf8Length(text) : 0);
        }

        return bytes;
    }

    private static string? ReadHeaders(string json, Dictionary<string, object?> headers)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return "headers is not a JSON object.";
        }

        foreach (var header in document.RootElement.EnumerateObject())
        {
            if (MessageHeaders.IsOfTheWay(header.Name))
            {
                return $"headers.{header.Name} has a meaning of its own and cannot be set.";
            }

            if (TooLong("the name of a header", header.Name) is { } tooLong)
            {
                return tooLong;
            }

            if (header.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                return $"headers.{header.Name} is not a scalar.";
            }

            headers[header.Name] = ScalarOf(header.Value);
        }

        return null;
    }

    private static object? ScalarOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        // jsonb has numbers of any size; those that AMQP has not are sent as text.
        JsonValueKind.Number when value.TryGetInt64(out var whole) => whole,
        JsonValueKind.Number => value.TryGetDouble(out var fraction) && double.IsFinite(fraction) ? fraction : value.GetRawText(),
        _ => null,
    };

    private static string? TooLong(string column, string value) => WireBounds.IsShortString(value)
        ? null
        : $"{column} has {WireBounds.Utf8Length(value)} UTF-8 bytes; AMQP carries at most {WireBounds.MaxShortStringBytes}.";
}
