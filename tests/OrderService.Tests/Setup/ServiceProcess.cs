using Servers;

namespace OrderService.Tests;

/// <summary>The service in a process of its own, with a client.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(30);

    private readonly ProcessUnderTest _process;

    private ServiceProcess(ProcessUnderTest process, Uri address)
    {
        _process = process;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) };
    }

    public HttpClient Http { get; }

    public int ExitCode => _process.ExitCode;

    /// <summary>Starts it with the role api and returns when it is ready; names are those of the environment.</summary>
    public static async Task<ServiceProcess> StartAsync(ServiceArena arena, params (string Name, string Value)[] settings)
    {
        var address = $"http://127.0.0.1:{FreePorts.Find(1)[0]}";
        var service = new ServiceProcess(
            ProcessUnderTest.Start("OrderService", arena.Arena, [("ASPNETCORE_URLS", address), ("Roles", "api"), .. settings]), new Uri(address));
        await Eventually.IsTrueAsync(
            async () =>
            {
                using var answer = await service.Http.GetAsync("/health/ready");
                return answer.IsSuccessStatusCode;
            },
            StartDeadline, () => $"the service is ready; its log:\n{service._process.Log}");
        return service;
    }

    public void Send(Signal signal) => _process.Send(signal);

    public Task ExitsAsync(TimeSpan deadline) => _process.ExitsAsync(deadline);

    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        return _process.DisposeAsync();
    }
}
