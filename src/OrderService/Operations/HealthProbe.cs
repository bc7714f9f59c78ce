using System.Globalization;

namespace OrderService.Operations;

/// <summary>Asks the service that runs beside it whether it is ready: the health check of the container image, which has no
/// curl.</summary>
internal static class HealthProbe
{
    /// <summary>The command-line verb.</summary>
    public const string Verb = "--health";

    private const string DefaultPort = "8080";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>Sets the exit code: 0 when the service is ready, 1 when it is not, with its answer on standard error.</summary>
    public static async Task RunAsync()
    {
        if (Port(Environment.GetEnvironmentVariable) is not { } port)
        {
            Fail("ASPNETCORE_URLS has no http:// address that the health check could ask.");
            return;
        }

        using var client = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync($"http://127.0.0.1:{port}{Health.ReadyPath}");
            if (!answer.IsSuccessStatusCode)
            {
                Fail(await answer.Content.ReadAsStringAsync());
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            Fail(exception.Message);
        }
    }

    /// <summary>The first port at which the service speaks HTTP; null where it speaks HTTPS alone. Addresses win over ports, as
    /// they do for the server.</summary>
    internal static string? Port(Func<string, string?> environment) => All(environment("ASPNETCORE_URLS")) is { Length: > 0 } addresses
        ? addresses
            .Where(address => address.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            .Select(address => BindingAddress.Parse(address).Port.ToString(CultureInfo.InvariantCulture))
            .FirstOrDefault()
        : All(environment("ASPNETCORE_HTTP_PORTS")).FirstOrDefault() ?? DefaultPort;

    private static string[] All(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static void Fail(string reason)
    {
        Environment.ExitCode = 1;
        Console.Error.WriteLine(reason);
    }
}
