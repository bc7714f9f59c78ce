using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Unicode;

namespace OrderService.Http;

/// <summary>Reads a request body as JSON, and refuses whatever is not.</summary>
internal static class JsonBody
{
    /// <summary>1 MiB.</summary>
    public const int MaxBytes = 1024 * 1024;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Completes with the root of a document in which no property is given twice, every text is Unicode, and
    /// nothing is nested deeper than <see cref="JsonWalk.MaxDepth"/>.</summary>
    /// <param name="request">Its body is read to the end, unless it is too large.</param>
    /// <param name="boundAt">What must stand at a path, for the message about malformed JSON there; null for paths that it
    /// does not know.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="RequestRefusedException">It is not such a body.</exception>
    public static async Task<JsonElement> ReadAsync(HttpRequest request, Func<string, string?> boundAt, CancellationToken cancellationToken)
    {
        CheckHeaders(request);
        var body = await ReadSafelyAsync(request, cancellationToken);
        CheckText(body);
        JsonWalk.Check(body, boundAt);
        return JsonElement.Parse(body, new JsonDocumentOptions { MaxDepth = JsonWalk.MaxDepth });
    }

    private static void CheckHeaders(HttpRequest request)
    {
        if (!IsJson(request.ContentType))
        {
            throw Refuse(StatusCodes.Status415UnsupportedMediaType, "Content-Type", "must be application/json, in UTF-8.");
        }

        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            throw Refuse(StatusCodes.Status415UnsupportedMediaType, "Content-Encoding", "must be identity: a compressed body is not read.");
        }
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.MediaType!.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.MediaType.StartsWith("application/", StringComparison.OrdinalIgnoreCase)
                && type.MediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase)))
        && (type.CharSet is null || type.CharSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static async Task<byte[]> ReadSafelyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadBytesAsync(request, cancellationToken);
        }
        catch (BadHttpRequestException broken)
        {
            throw Refuse(broken.StatusCode, JsonWalk.Root, broken.Message);
        }
    }

    private static async Task<byte[]> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes)
        {
            throw TooLarge();
        }

        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > MaxBytes)
            {
                throw TooLarge();
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static void CheckText(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            throw new RequestRefusedException(JsonWalk.Root, "is empty: it must be a JSON object.");
        }

        if (body.StartsWith(ByteOrderMark))
        {
            throw new RequestRefusedException(JsonWalk.Root, "starts with a byte order mark: it must be UTF-8 without one.");
        }

        if (!Utf8.IsValid(body))
        {
            throw new RequestRefusedException(JsonWalk.Root, "is not valid UTF-8.");
        }
    }

    private static RequestRefusedException TooLarge() => Refuse(
        StatusCodes.Status413PayloadTooLarge, JsonWalk.Root, $"is too large: at most {MaxBytes} bytes are read.");

    private static RequestRefusedException Refuse(int status, string field, string fault) =>
        new(status, "The request is not valid.", new Dictionary<string, string[]> { [field] = [fault] });
}
