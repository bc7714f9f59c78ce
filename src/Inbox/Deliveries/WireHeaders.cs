using System.Text;
using System.Text.Unicode;
using Messaging;

namespace Inbox;

/// <summary>Reads header values as the client hands them over: texts arrive as bytes, numbers in any of AMQP's sizes.</summary>
internal static class WireHeaders
{
    /// <summary>False where there is a value that is not a text; null where there is none.</summary>
    public static bool TryText(IDictionary<string, object?>? headers, string name, out string? text)
    {
        text = null;
        if (headers is null || !headers.TryGetValue(name, out var value) || value is null)
        {
            return true;
        }

        text = ToText(value) as string;
        return text is not null;
    }

    /// <summary>False where there is a value that is not an integer; null where there is none.</summary>
    public static bool TryInteger(IDictionary<string, object?>? headers, string name, out long? integer)
    {
        integer = null;
        if (headers is null || !headers.TryGetValue(name, out var value) || value is null)
        {
            return true;
        }

        integer = value switch
        {
            long number => number,
            int number => number,
            uint number => number,
            short number => number,
            ushort number => number,
            byte number => number,
            sbyte number => number,
            _ => null,
        };
        return integer is not null;
    }

    /// <summary>Whether the broker has made it a dead letter for <paramref name="reason"/>, and no copy was made since.</summary>
    public static bool HasDiedOf(IDictionary<string, object?>? headers, string reason) =>
        headers?.TryGetValue(MessageHeaders.Deaths, out var deaths) == true
        && deaths is IEnumerable<object?> list
        && list.OfType<IDictionary<string, object?>>().Any(death => TryText(death, "reason", out var text) && text == reason);

    public static IReadOnlyDictionary<string, object?> ToTexts(IDictionary<string, object?>? headers) =>
        headers?.ToDictionary(header => header.Key, header => ToText(header.Value), StringComparer.Ordinal) ?? [];

    // Bytes that are no UTF-8 stay bytes.
    private static object? ToText(object? value) => value is byte[] bytes && Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : value;
}
