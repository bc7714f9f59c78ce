using System.Text.Json;
using Messaging;

namespace Outbox;

/// <summary>Checks user headers and turns them into what is stored with the row.</summary>
internal static class HeaderBounds
{
    // Everybody is to keep 512 characters at least (https://www.w3.org/TR/trace-context/#tracestate-limits); that much more fits in beside
    // the longest user headers.
    private const int MaxTraceStateBytes = 4 * 1024;

    /// <returns>A JSON object, or null where there is nothing to store.</returns>
    /// <exception cref="ArgumentException">A name is reserved, or a bound is exceeded.</exception>
    public static string? Encode(MessageOptions? options, string? traceState)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (options?.Headers is { Count: > 0 } given)
        {
            Check(given);
            foreach (var (name, value) in given)
            {
                headers[name] = value;
            }
        }

        if (options?.CorrelationId is { } correlationId)
        {
            headers[MessageHeaders.CorrelationId] = TextBounds.ShortString(correlationId, nameof(options.CorrelationId));
        }

        // From upstream, and unchecked: what is wrong with it is no fault of this unit of work, and must not fail it.
        if (!string.IsNullOrEmpty(traceState) && WireBounds.Utf8Length(traceState) <= MaxTraceStateBytes && TextBounds.Unfit(traceState) is null)
        {
            headers[MessageHeaders.TraceState] = traceState;
        }

        return headers.Count == 0 ? null : JsonSerializer.Serialize(headers);
    }

    private static void Check(IReadOnlyDictionary<string, string> headers)
    {
        if (headers.Count > WireBounds.MaxHeaders)
        {
            throw new ArgumentException($"Headers has {headers.Count} entries; at most {WireBounds.MaxHeaders} are allowed.", nameof(headers));
        }

        if (headers.Keys.FirstOrDefault(MessageHeaders.IsReserved) is { } reserved)
        {
            throw new ArgumentException($"Headers[\"{reserved}\"] has a meaning of its own and cannot be set.", nameof(headers));
        }

        if (headers.Keys.FirstOrDefault(name => name.Length == 0 || !WireBounds.IsShortString(name)) is { } unnamed)
        {
            throw new ArgumentException(
                $"A header's name has {WireBounds.Utf8Length(unnamed)} UTF-8 bytes; it must have 1 to {WireBounds.MaxShortStringBytes}.", nameof(headers));
        }

        foreach (var (name, value) in headers)
        {
            if ((value is null ? "is null" : TextBounds.Unfit(name + value)) is { } unfit)
            {
                throw new ArgumentException($"Headers[\"{name.Replace("\0", "\\0", StringComparison.Ordinal)}\"] {unfit}.", nameof(headers));
            }
        }

        var bytes = headers.Sum(header => WireBounds.Utf8Length(header.Key) + WireBounds.Utf8Length(header.Value));
        if (bytes > WireBounds.MaxHeaderBytes)
        {
            throw new ArgumentException($"Headers have {bytes} UTF-8 bytes together; at most {WireBounds.MaxHeaderBytes} are allowed.", nameof(headers));
        }
    }
}
