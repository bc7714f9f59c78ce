using System.Text;

namespace OrderService.Tests.Greetings;

/// <summary>What clients ask of greetings.</summary>
internal static class Requests
{
    /// <summary>POST /greetings with a body as it is written here.</summary>
    public static async Task<HttpResponseMessage> AskAsync(this ServiceUnderTest service, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await service.Http.PostAsync("/greetings", content);
    }

    /// <summary>Asks for a greeting that must be accepted, and returns its id.</summary>
    public static async Task<Guid> AskForAsync(this ServiceUnderTest service, string name)
    {
        using var answer = await service.AskAsync($$"""{"name":"{{name}}"}""");
        return (await answer.JsonAsync()).GetProperty("id").GetGuid();
    }
}
