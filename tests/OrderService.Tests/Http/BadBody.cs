using System.Text;

namespace OrderService.Tests.Http;

/// <summary>A request that must be refused, and what the refusal must name.</summary>
/// <param name="Name">Tells the rows of the table apart.</param>
/// <param name="Body">As it is sent.</param>
/// <param name="Path">The field.</param>
/// <param name="Bound">A part of what is said about it.</param>
public sealed record BadBody(string Name, byte[] Body, string Path, string Bound)
{
    private const string Good = """{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}""";

    public string ContentType { get; init; } = "application/json";

    public string? ContentEncoding { get; init; }

    public string? IdempotencyKey { get; init; }

    public int Status { get; init; } = 400;

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] GoodBody => Utf8(Good);

    public static BadBody Text(string name, string body, string path, string bound) => new(name, Utf8(body), path, bound);

    /// <summary>The good order with one field's value, written as JSON, replaced.</summary>
    public static BadBody With(string field, string json, string path, string bound)
    {
        var value = field switch
        {
            "customerId" => "\"anna\"",
            "currency" => "\"EUR\"",
            "lines" => """[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]""",
            "sku" => "\"sku-1\"",
            "quantity" => "2",
            "unitPrice" => "9.90",
            _ => throw new ArgumentException(field),
        };
        var shown = json.Length <= 40 ? json : $"{json[..40]}… ({json.Length} characters)";
        return Text($"{field}: {shown}", Good.Replace($"\"{field}\":{value}", $"\"{field}\":{json}", StringComparison.Ordinal), path, bound);
    }

    /// <summary>The good order without a field.</summary>
    public static BadBody Without(string field, string path, string bound)
    {
        var body = With(field, "null", path, bound).Body;
        return new BadBody($"no {field}", Utf8(Encoding.UTF8.GetString(body).Replace($"\"{field}\":null", "\"other\":null", StringComparison.Ordinal)), path, bound);
    }

    public override string ToString() => Name;
}
