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
        using var client = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync($"http://127.0.0.1:{Port()}{Health.ReadyPath}");
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

    /// <summary>Addresses win over ports, as they do for the server.</summary>
    private static string Port() =>
        First("ASPNETCORE_URLS") is { } address ? address[(address.LastIndexOf(':') + 1)..].TrimEnd('/') : First("ASPNETCORE_HTTP_PORTS") ?? DefaultPort;

    private static string? First(string variable) =>
        Environment.GetEnvironmentVariable(variable)?.Split(';', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();

    private static void Fail(string reason)
    {
        Environment.ExitCode = 1;
        Console.Error.WriteLine(reason);
    }
}
