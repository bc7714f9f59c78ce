using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Messaging;

/// <summary>Turns messages into the bytes on the wire and back: UTF-8 JSON in camelCase, enums as strings, unknown
/// fields ignored by readers. A service that has metadata of its own registers one with it as a singleton: what the service sends and
/// what it handles goes through that one.</summary>
/// <param name="context">Source-generated metadata, used for the types it knows; reflection serves the others.</param>
public sealed class MessageSerializer(JsonSerializerContext? context = null)
{
    /// <summary>The serializer that needs no generated metadata.</summary>
    public static MessageSerializer Default { get; } = new();

    private readonly JsonSerializerOptions _options = CreateOptions(context);

    /// <summary>The exact bytes that are stored and sent for <paramref name="message"/>.</summary>
    public byte[] Encode<TMessage>(TMessage message) => JsonSerializer.SerializeToUtf8Bytes(message, _options);

    /// <summary>Reads a body as <paramref name="type"/>.</summary>
    /// <exception cref="JsonException">The body is not JSON of that shape, or is the literal null.</exception>
    public object Decode(ReadOnlySpan<byte> body, Type type) =>
        JsonSerializer.Deserialize(body, type, _options) ?? throw new JsonException("The body is the JSON literal null.");

    private static JsonSerializerOptions CreateOptions(JsonSerializerContext? context)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.General)
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
            TypeInfoResolver = context is null
                ? new DefaultJsonTypeInfoResolver()
                : JsonTypeInfoResolver.Combine(context, new DefaultJsonTypeInfoResolver()),
        };
        options.MakeReadOnly();
        return options;
    }
}
