using System.IO.Compression;
using System.Text;
using static OrderService.Tests.Http.BadBody;

namespace OrderService.Tests.Http;

/// <summary>The table of bad requests.</summary>
internal static class BadBodies
{
    private const string Line = "lines[0]";
    private const string Name = "1 to 64 printable characters";
    private const string Capitals = "three capital letters";
    private const string Lines = "1 to 1000";
    private const string Pieces = "1 to 1000000";
    private const string Price = "0 to 1000000000 with at most 4 decimals";

    public static IEnumerable<BadBody> All =>
    [
        // The document
        Text("empty", "", "$", "empty"),
        Text("only spaces", " \n ", "$", "not JSON"),
        Text("null", "null", "$", "object"),
        Text("true", "true", "$", "object"),
        Text("a number", "12", "$", "object"),
        Text("a text", "\"order\"", "$", "object"),
        Text("an array", "[]", "$", "object"),
        Text("two documents", "{}{}", "$", "line 1, byte 3"),
        Text("garbage after the end", Encoding.UTF8.GetString(GoodBody) + "x", "$", "not JSON"),
        Text("cut off", "{\"customerId\":\"anna\",", "$", "not JSON"),
        Text("cut off in a text", "{\"customerId\":\"an", "customerId", Name),
        Text("single quotes", "{'customerId':'anna'}", "$", "not JSON"),
        Text("a comment", "{/* hi */\"customerId\":\"anna\"}", "$", "not JSON"),
        Text("a trailing comma", """{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90},]}""", "lines[1]", "not JSON"),
        Text("a line feed in a text", "{\"customerId\":\"an\nna\"}", "customerId", Name),
        Text("an unknown escape", "{\"customerId\":\"\\x41\"}", "customerId", Name),
        Text("all fields missing", "{}", "lines", Lines),
        Text("names in other case", """{"CustomerId":"anna","Currency":"EUR","Lines":[]}""", "customerId", "required"),
        Text("deep", string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200)), "$", "32"),
        Text("deep and cut off", "{\"a\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100_000)), "$", "32"),
        Text("a field twice", """{"customerId":"anna","currency":"EUR","currency":"USD","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}""", "currency", "more than once"),
        Text("a field of a line twice", """{"customerId":"anna","currency":"EUR","lines":[{"sku":"a","quantity":1,"quantity":2,"unitPrice":1}]}""", "lines[0].quantity", "more than once"),
        Text("an escaped field twice", """{"customerId":"anna","customer\u0049d":"bert","currency":"EUR","lines":[]}""", "customerId", "more than once"),
        Text("an unknown field twice", """{"x":1,"x":1}""", "x", "more than once"),
        Text("half a surrogate pair in an unknown field", """{"x":"\ud800"}""", "x", "surrogate"),
        Text("half a surrogate pair in a name", """{"\ud800":1}""", "$", "surrogate"),
        // Bytes
        new("UTF-8 with a byte order mark", [0xEF, 0xBB, 0xBF, .. GoodBody], "$", "byte order mark"),
        new("UTF-16", Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(GoodBody)), "$", "not JSON"),
        new("Latin-1", Encoding.Latin1.GetBytes("""{"customerId":"Zoë","currency":"EUR","lines":[]}"""), "$", "UTF-8"),
        new("an overlong encoding", [.. Utf8("{\"customerId\":\""), 0xC0, 0x80, .. Utf8("\"}")], "$", "UTF-8"),
        new("a surrogate in UTF-8", [.. Utf8("{\"customerId\":\""), 0xED, 0xA0, 0x80, .. Utf8("\"}")], "$", "UTF-8"),
        new("zeros", new byte[64], "$", "not JSON"),
        new("1 MiB and a byte", [.. GoodBody, .. Enumerable.Repeat((byte)' ', 1024 * 1024)], "$", "1048576") { Status = 413 },
        new("20 MiB", [.. Utf8("{\"x\":\""), .. Enumerable.Repeat((byte)'x', 20 * 1024 * 1024), .. Utf8("\"}")], "$", "1048576") { Status = 413 },
        new("gzip", Gzip(GoodBody), "Content-Encoding", "identity") { Status = 415, ContentEncoding = "gzip" },
        // Content types
        new("a form", Utf8("customerId=anna"), "Content-Type", "application/json") { Status = 415, ContentType = "application/x-www-form-urlencoded" },
        new("text", GoodBody, "Content-Type", "application/json") { Status = 415, ContentType = "text/plain" },
        new("XML", Utf8("<order/>"), "Content-Type", "application/json") { Status = 415, ContentType = "application/xml" },
        new("no content type", GoodBody, "Content-Type", "application/json") { Status = 415, ContentType = "" },
        new("another charset", GoodBody, "Content-Type", "UTF-8") { Status = 415, ContentType = "application/json; charset=utf-16" },
        // customerId
        Without("customerId", "customerId", Name),
        With("customerId", "null", "customerId", Name),
        With("customerId", "\"\"", "customerId", Name),
        With("customerId", "\"   \"", "customerId", "not blank"),
        With("customerId", "7", "customerId", Name),
        With("customerId", "true", "customerId", Name),
        With("customerId", "{}", "customerId", Name),
        With("customerId", "[\"anna\"]", "customerId", Name),
        With("customerId", $"\"{new string('a', 65)}\"", "customerId", Name),
        With("customerId", $"\"{new string('a', 500_000)}\"", "customerId", Name),
        With("customerId", "\"a\\u0000b\"", "customerId", Name),
        With("customerId", "\"a\\tb\"", "customerId", Name),
        With("customerId", "\"a\\u007Fb\"", "customerId", Name),
        With("customerId", "\"a\\u202Eb\"", "customerId", Name),
        With("customerId", "\"a\\u2028b\"", "customerId", Name),
        With("customerId", "\"a\\ud83db\"", "customerId", "surrogate"),
        With("customerId", "\"\\udc00\"", "customerId", "surrogate"),
        // currency
        Without("currency", "currency", Capitals),
        With("currency", "\"eur\"", "currency", Capitals),
        With("currency", "\"EURO\"", "currency", Capitals),
        With("currency", "\"EU\"", "currency", Capitals),
        With("currency", "\"ÉUR\"", "currency", Capitals),
        With("currency", "\"EUR \"", "currency", Capitals),
        With("currency", "978", "currency", Capitals),
        // lines
        Without("lines", "lines", Lines),
        With("lines", "null", "lines", Lines),
        With("lines", "[]", "lines", Lines),
        With("lines", "{}", "lines", Lines),
        With("lines", "\"sku-1\"", "lines", Lines),
        With("lines", "[null]", Line, "object"),
        With("lines", "[[]]", Line, "object"),
        With("lines", "[{}]", Line + ".sku", "required"),
        With("lines", Repeated(1001), "lines", Lines),
        With("lines", Repeated(10_000), "lines", Lines),
        With("lines", """[{"sku":"a","quantity":1,"unitPrice":1},{"sku":"b","quantity":0,"unitPrice":1}]""", "lines[1].quantity", Pieces),
        // sku
        Without("sku", Line + ".sku", Name),
        With("sku", "\"\"", Line + ".sku", Name),
        With("sku", $"\"{new string('s', 65)}\"", Line + ".sku", Name),
        With("sku", "1", Line + ".sku", Name),
        With("sku", "\"\\u0000\"", Line + ".sku", Name),
        // quantity
        Without("quantity", Line + ".quantity", Pieces),
        With("quantity", "0", Line + ".quantity", Pieces),
        With("quantity", "-1", Line + ".quantity", Pieces),
        With("quantity", "1000001", Line + ".quantity", Pieces),
        With("quantity", "2147483648", Line + ".quantity", Pieces),
        With("quantity", "99999999999999999999999999", Line + ".quantity", Pieces),
        With("quantity", "2.0", Line + ".quantity", "without fraction"),
        With("quantity", "1.5", Line + ".quantity", Pieces),
        With("quantity", "1e2", Line + ".quantity", Pieces),
        With("quantity", "\"2\"", Line + ".quantity", Pieces),
        With("quantity", "null", Line + ".quantity", Pieces),
        With("quantity", "true", Line + ".quantity", Pieces),
        With("quantity", "NaN", Line + ".quantity", Pieces),
        With("quantity", "02", Line + ".quantity", Pieces),
        With("quantity", "+2", Line + ".quantity", Pieces),
        With("quantity", "0x2", Line + ".quantity", Pieces),
        // unitPrice
        Without("unitPrice", Line + ".unitPrice", Price),
        With("unitPrice", "-0.01", Line + ".unitPrice", Price),
        With("unitPrice", "0.00001", Line + ".unitPrice", Price),
        With("unitPrice", "9.90001", Line + ".unitPrice", Price),
        With("unitPrice", "1e-5", Line + ".unitPrice", Price),
        With("unitPrice", "1e-400", Line + ".unitPrice", Price),
        With("unitPrice", "0.00000000000000000000000000000000001", Line + ".unitPrice", Price),
        With("unitPrice", "1.00000000000000000000000000000000001", Line + ".unitPrice", Price),
        With("unitPrice", "1000000000000000000000000004e-29", Line + ".unitPrice", Price),
        With("unitPrice", "9999999999999999999999999999e-29", Line + ".unitPrice", Price),
        With("unitPrice", "1000000000.0001", Line + ".unitPrice", Price),
        With("unitPrice", "1000000001", Line + ".unitPrice", Price),
        With("unitPrice", "1e10", Line + ".unitPrice", Price),
        With("unitPrice", "1e400", Line + ".unitPrice", Price),
        With("unitPrice", "79228162514264337593543950336", Line + ".unitPrice", Price),
        With("unitPrice", "NaN", Line + ".unitPrice", Price),
        With("unitPrice", "Infinity", Line + ".unitPrice", Price),
        With("unitPrice", "-Infinity", Line + ".unitPrice", Price),
        With("unitPrice", "\"9.90\"", Line + ".unitPrice", Price),
        With("unitPrice", "\"NaN\"", Line + ".unitPrice", Price),
        With("unitPrice", "9,90", Line, "not JSON"),
        With("unitPrice", ".5", Line + ".unitPrice", Price),
        With("unitPrice", "1.", Line + ".unitPrice", Price),
        With("unitPrice", "null", Line + ".unitPrice", Price),
        With("unitPrice", "{}", Line + ".unitPrice", Price),
        // Idempotency-Key
        new("an empty key", GoodBody, "Idempotency-Key", "1 to 255") { IdempotencyKey = "" },
        new("a key of 256 characters", GoodBody, "Idempotency-Key", "1 to 255") { IdempotencyKey = new string('k', 256) },
        new("a key with an umlaut", GoodBody, "Idempotency-Key", "ASCII") { IdempotencyKey = "schlüssel" },
        new("a key with a tab", GoodBody, "Idempotency-Key", "ASCII") { IdempotencyKey = "a\tb" },
    ];

    private static string Repeated(int count) =>
        $"[{string.Join(',', Enumerable.Repeat("""{"sku":"sku-1","quantity":1,"unitPrice":1}""", count))}]";

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return packed.ToArray();
    }
}
