using System.Text.Json;

namespace OrderService.Http;

/// <summary>Takes fields out of an object. What is missing or out of bounds is added to the errors, and what
/// is returned then is of no use; unknown fields are ignored.</summary>
internal sealed class JsonFields(JsonElement element, string path, FieldErrors errors)
{
    /// <summary>The fields of the document's root, which must be an object.</summary>
    /// <exception cref="RequestRefusedException">It is something else.</exception>
    public static JsonFields OfRoot(JsonElement root, FieldErrors errors) => root.ValueKind == JsonValueKind.Object
        ? new JsonFields(root, "", errors)
        : throw new RequestRefusedException(JsonWalk.Root, $"is {Describe(root)}: it must be an object.");

    public string Text(string name, Bound<string> bound)
    {
        var text = "";
        Require(name, bound.Text, value => value.ValueKind == JsonValueKind.String && bound.Allows(text = value.GetString()!));
        return text;
    }

#if (!noSample)
    /// <summary>A number written without fraction or exponent.</summary>
    public int Whole(string name, Bound<int> bound)
    {
        var number = 0;
        Require(name, bound.Text, value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out number) && bound.Allows(number));
        return number;
    }

    public decimal Amount(string name, Bound<decimal> bound)
    {
        var amount = 0m;
        Require(name, bound.Text, value =>
            value.ValueKind == JsonValueKind.Number && JsonAmount.TryRead(value.GetRawText(), out amount) && bound.Allows(amount));
        return amount;
    }

    /// <summary>The objects of an array; empty if it is none or out of bounds.</summary>
    public IEnumerable<JsonFields> Objects(string name, Bound<int> count)
    {
        if (!Require(name, count.Text, value => value.ValueKind == JsonValueKind.Array && count.Allows(value.GetArrayLength())))
        {
            yield break;
        }

        var index = 0;
        foreach (var item in element.GetProperty(name).EnumerateArray())
        {
            var at = $"{PathOf(name)}[{index++}]";
            if (item.ValueKind == JsonValueKind.Object)
            {
                yield return new JsonFields(item, at, errors);
            }
            else
            {
                errors.Add(at, $"is {Describe(item)}: it must be an object.");
            }
        }
    }

#endif
    private bool Require(string name, string bound, Func<JsonElement, bool> fits)
    {
        if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            errors.Add(PathOf(name), $"is required: it must be {bound}.");
            return false;
        }

        if (!fits(value))
        {
            errors.Add(PathOf(name), $"must be {bound}.");
            return false;
        }

        return true;
    }

    private string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
