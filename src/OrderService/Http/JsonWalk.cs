using System.Text.Json;

namespace OrderService.Http;

/// <summary>Goes through a document once, before anything is bound, and knows at each step where it is: the reader's own
/// errors name a byte, not a field.</summary>
internal static class JsonWalk
{
    /// <summary>The path of the document as a whole.</summary>
    public const string Root = "$";

    /// <summary>How deep objects and arrays may be nested.</summary>
    public const int MaxDepth = 32;

    /// <exception cref="RequestRefusedException">It is malformed, nested too deep, gives a property twice, or holds a text
    /// that is not Unicode.</exception>
    public static void Check(ReadOnlySpan<byte> json, Func<string, string?> boundAt)
    {
        // The reader must come further than the bound, so that the message about the bound is ours and has a path.
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
        var path = new JsonPath();
        try
        {
            while (reader.Read())
            {
                Follow(ref reader, path);
            }
        }
        catch (JsonException malformed)
        {
            var bound = boundAt(path.Shape) is { } known ? $" It must be {known}." : "";
            throw new RequestRefusedException(
                path.ToString(), $"is not JSON from line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1} on.{bound}");
        }
        catch (InvalidOperationException)
        {
            throw new RequestRefusedException(path.ToString(), "holds half of a surrogate pair: it must be Unicode text.");
        }
    }

    private static void Follow(ref Utf8JsonReader reader, JsonPath path)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                path.Enter(isObject: reader.TokenType == JsonTokenType.StartObject);
                if (path.Depth > MaxDepth)
                {
                    throw new RequestRefusedException(Root, $"is nested too deep: at most {MaxDepth} objects and arrays within each other.");
                }

                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                path.Leave();
                path.Next();
                break;
            case JsonTokenType.PropertyName:
                if (!path.TryName(reader.GetString()!))
                {
                    throw new RequestRefusedException(path.ToString(), "is given more than once.");
                }

                break;
            case JsonTokenType.String:
                if (reader.ValueIsEscaped)
                {
                    // Throws for an escaped half of a surrogate pair.
                    _ = reader.GetString();
                }

                path.Next();
                break;
            default:
                path.Next();
                break;
        }
    }
}
