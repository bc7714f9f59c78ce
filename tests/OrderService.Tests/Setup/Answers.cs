using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace OrderService.Tests;

internal static class Answers
{
    public static Task<JsonElement> JsonAsync(this HttpResponseMessage answer) => answer.Content.ReadFromJsonAsync<JsonElement>();

    /// <summary>Fails unless the answer is a problem (RFC 9457) with this status; returns its errors by field, or an empty
    /// dictionary.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ProblemAsync(this HttpResponseMessage answer, HttpStatusCode status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"Expected {(int)status}, got {(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);

        var problem = JsonElement.Parse(text);
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("title").GetString()));
        return problem.TryGetProperty("errors", out var errors)
            ? errors.EnumerateObject().ToDictionary(error => error.Name, error => string.Join(' ', error.Value.EnumerateArray()))
            : new Dictionary<string, string>();
    }
}
