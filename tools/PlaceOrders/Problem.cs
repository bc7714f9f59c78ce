using System.Net;
using System.Text.Json;

namespace PlaceOrders;

/// <summary>Puts the problem details of a refused request into one line.</summary>
internal static class Problem
{
    public static string Describe(HttpStatusCode status, string body)
    {
        var head = $"HTTP {(int)status}";
        try
        {
            using var problem = JsonDocument.Parse(body);
            var says = Fields(problem.RootElement).ToList();
            return says.Count > 0
                ? $"{head}: {string.Join("; ", says)}"
                : $"{head}: {Text(problem.RootElement, "detail") ?? Text(problem.RootElement, "title") ?? "no reason given"}";
        }
        catch (JsonException)
        {
            return head;
        }
    }

    private static IEnumerable<string> Fields(JsonElement problem)
    {
        if (problem.ValueKind != JsonValueKind.Object
            || !problem.TryGetProperty("errors", out var errors)
            || errors.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (var field in errors.EnumerateObject())
        {
            var messages = field.Value.ValueKind == JsonValueKind.Array
                ? field.Value.EnumerateArray().Select(message => message.ToString())
                : [field.Value.ToString()];
            yield return $"{field.Name}: {string.Join(", ", messages)}";
        }
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var text) ? text.ToString() : null;
}
